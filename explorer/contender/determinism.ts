import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Gate } from './gate.js';

let owner = 0;
let count = 0;

// At once, before anything draws a stock of random bytes.
numberIdentifiers();

function numberIdentifiers(): void {
  // Without that file identifiers come from `crypto`.
  const { openSync } = fs;
  fs.openSync = (path, flags, mode) => {
    if (path === '/dev/urandom') throw new Error('nothing is random here');
    return openSync(path, flags, mode);
  };
  crypto.randomUUID = () =>
    `${digits(owner, 8)}-${digits(++count, 4)}-4000-8000-000000000000` satisfies `${string}-${string}-${string}-${string}-${string}`;
  syncBuiltinESMExports();
}

/** From here on every identifier is named after the process that makes it: the same in each run, and readable in a table. */
export function nameIdentifiersAfter(pid: number): void {
  owner = pid;
  count = 0;
}

/** Removes from this thread whatever differs from run to run, and whatever takes time without being a step. */
export function makeDeterministic(gate: Gate): void {
  // A heartbeat that finds the guard occupied would block its thread, waiting for something that never changes.
  Atomics.wait = (...parameters: readonly unknown[]) => {
    gate.step('block', `${String(parameters[3])} ms`, () => {}, 'yield');
    return 'timed-out';
  };
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
