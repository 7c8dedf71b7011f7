import fs from 'node:fs';
import tty from 'node:tty';
import {
  completeRunOptions,
  type RunSettings,
  type RunValues,
} from '../../../src/cli/run/options/run-options.js';
import { Recorder } from '../../../src/cli/run/recorder.js';
import type { Locks } from '../../../src/cli/stores/locks.js';
import { aroundMessages } from '../../../src/cli/terminal/messages.js';
import { memoryStore } from '../../../src/testing/index.js';
import { replace } from '../../../support/replace.js';

/** Which standard streams are terminals. */
export function terminals(...descriptors: readonly number[]): void {
  replace(tty, { isatty: (descriptor) => descriptors.includes(descriptor) });
}

/** The messages from here on, as if stderr were a file. */
export function messages(): string[] {
  const lines: string[] = [];
  const { fstatSync, writeSync } = fs;
  const isFile = { isFile: () => true };
  const changes: object = {
    fstatSync: (descriptor: number, options: fs.StatSyncOptions) =>
      descriptor === 2
        ? Object.assign(fstatSync(descriptor, options), isFile)
        : fstatSync(descriptor, options),
    writeSync: (descriptor: number, text: Buffer) =>
      descriptor === 2 ? lines.push(String(text)) : writeSync(descriptor, text),
  };
  aroundMessages((write) => write());
  replace(fs, changes);
  return lines;
}

/** What the command line gives without any options. */
export const NO_OPTIONS: RunValues = {
  heartbeat: undefined,
  staleTimeout: undefined,
  heartbeatInterval: undefined,
  onStall: 'end',
  timeout: undefined,
  killAfter: 10_000,
  wait: 0,
  holdAtLeast: 0,
  owner: undefined,
  sticky: false,
  label: undefined,
  command: undefined,
  store: undefined,
  killStalled: false,
  force: false,
  conflictExitCode: 75,
  history: false,
  noHistory: false,
  log: false,
  noLog: false,
  keepLogs: undefined,
  logSize: undefined,
  output: 'always',
  retry: 0,
  retryDelay: undefined,
  jitter: 0,
  notify: undefined,
  notifyOn: undefined,
  ping: undefined,
  ignoreHangup: false,
  quiet: false,
};

/** The settings of a run without any options. */
export function someOptions(changes: Partial<RunSettings> = {}): RunSettings {
  return { ...completeRunOptions(NO_OPTIONS), ...changes };
}

/** Locks in the memory of this process. */
export function someLocks(changes: Partial<Locks> = {}): Locks {
  return {
    store: memoryStore(),
    address: '',
    place: () => 'memory',
    database: null,
    nameOf: (lock) => lock,
    fileOf: () => null,
    list: async () => [],
    ...changes,
  };
}

/** Records nothing, and tells nobody. */
export function silentRecorder(): Recorder {
  return new Recorder({
    name: 'nightly',
    locks: someLocks(),
    command: 'make all',
    options: someOptions(),
    isRecorded: false,
    descriptors: [],
  });
}
