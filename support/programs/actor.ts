// A process that executes a test's commands, one at a time, and reports the result of each.

import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { type AcquireOptions, acquire, ErrLockBusy, ErrLockStore, type Lock, systemClock } from 'livinglock';
import { Ledger, Room } from '../witness.js';
import { chosenStore } from './chosen-store.js';
import { type Command, type Interruption, isCommand, type Report } from './protocol.js';

const LONGEST_DAWDLING = 2;

let behind = 0;
let wallClockStep = 0;
let dawdles = false;
let interruption: Interruption | undefined;
let steps = 0;
const descriptors: number[] = [];
/** All locks ever acquired, including lost ones: the tests are about how those answer. */
const locks = new Map<string, Lock>();

const clock = {
  now: () => systemClock.now() - behind + wallClockStep,
  monotonic: () => systemClock.monotonic() - behind,
  sleep: systemClock.sleep,
};

const store = await chosenStore(process.argv.slice(2), clock, step);

function step(name: string): void {
  if (dawdles) blockFor(Math.random() * LONGEST_DAWDLING);
  steps += 1;
  if (interruption === undefined || ![steps, name].includes(interruption.before)) return;
  const { by } = interruption;
  interruption = undefined;
  // A signal that a process sends to itself takes effect before kill(2) returns.
  process.kill(process.pid, by);
}

/** Blocks this process. Others go on running. */
function blockFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case 'acquire':
      await take(command.path, command.options);
      if (command.room !== undefined) new Room(command.room).enter(process.pid);
      if (command.ledger !== undefined) new Ledger(command.ledger).sign(process.pid);
      return;
    case 'heartBeat':
      await held(command.path).heartBeat();
      if (command.ledger !== undefined) new Ledger(command.ledger).sign(process.pid);
      return;
    case 'release':
      if (command.room !== undefined) new Room(command.room).leave(process.pid);
      await held(command.path).release();
      return;
    case 'work':
      for (;;) await takeTurn(command.path, new Room(command.room));
    case 'workOn':
      for (;;) await takeTurnAnyhow(command.path, new Room(command.room));
    case 'turnClockBack':
      behind = command.by;
      return;
    case 'stepWallClock':
      wallClockStep = command.by;
      return;
    case 'dawdle':
      dawdles = true;
      return;
    case 'useUpDescriptors':
      useUpDescriptors();
      return;
    case 'freeDescriptors':
      for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
      return;
  }
}

async function take(path: string, options: AcquireOptions = {}): Promise<Lock> {
  const lock = await acquire(path, {
    // Every heartbeat is written.
    heartbeatMinimalInterval: 0,
    ...options,
    store,
    dependencies: { clock },
  });
  locks.set(path, lock);
  return lock;
}

function held(path: string): Lock {
  const lock = locks.get(path);
  if (lock === undefined) throw new Error(`${path} was never acquired here`);
  return lock;
}

async function takeTurn(path: string, room: Room): Promise<void> {
  try {
    const lock = await take(path);
    room.enter(process.pid);
    await lock.heartBeat();
    room.leave(process.pid);
    await lock.release();
  } catch (error) {
    if (!(error instanceof ErrLockBusy)) throw error;
  }
  // Gives the parent's end of the channel a chance to be heard.
  await setImmediate();
}

async function takeTurnAnyhow(path: string, room: Room): Promise<void> {
  try {
    const lock = await take(path);
    room.enter(process.pid);
    await lock.heartBeat().catch(refuseAllBut(ErrLockStore));
    room.leave(process.pid);
    await persistently(() => lock.release());
  } catch (error) {
    refuseAllBut(ErrLockBusy, ErrLockStore)(error);
  }
  await setImmediate();
}

async function persistently(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      refuseAllBut(ErrLockStore)(error);
      await setImmediate();
    }
  }
}

function refuseAllBut(
  ...expected: readonly (new (
    ...parameters: never[]
  ) => Error)[]
): (error: unknown) => void {
  return (error) => {
    if (!expected.some((kind) => error instanceof kind)) throw error;
  };
}

function useUpDescriptors(): void {
  for (;;) {
    try {
      descriptors.push(openSync(devNull, 'r'));
    } catch {
      return;
    }
  }
}

async function report(command: Command): Promise<Report> {
  steps = 0;
  interruption = 'interruption' in command ? command.interruption : undefined;
  try {
    await obey(command);
    return { outcome: 'done' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? String(error.code) : '';
    return { outcome: 'refused', name: error.name, code, message: error.message };
  } finally {
    interruption = undefined;
  }
}

function send(message: Report): void {
  process.send?.(message);
}

process.on('message', (message) => {
  if (!isCommand(message)) throw new TypeError(`Not a command: ${JSON.stringify(message)}`);
  report(message).then(send);
});
send({ outcome: 'ready', pid: process.pid });
