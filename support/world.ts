import {
  accessSync,
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LockRecord } from '../src/core/record/record.js';
import { type AcquireOptions, acquire, type Dependencies, type Lock } from '../src/index.js';
import type { FileSystem } from '../src/stores/file/file-system.js';
import { systemFileSystem } from '../src/stores/file/file-system.js';
import type { ProcessIdentity } from '../src/system/processes/process-identity.js';
import { FakeClock, type FakeProcess, FakeProcessTable } from '../src/testing/index.js';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Where a test with thousands of folders makes them: in memory, on Linux, because a busy disk takes minutes for it. */
export const MEMORY: string = isWritable('/dev/shm') ? '/dev/shm' : tmpdir();

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A new empty folder, removed after the test. */
export function temporaryFolder(parent: string = tmpdir()): string {
  const folder = realpathSync(mkdtempSync(join(parent, 'livinglock-test-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A test's own machine: its clock, its processes, and one lock file in its own folder. */
export class World {
  readonly clock: FakeClock;
  readonly processes: FakeProcessTable;
  readonly folder: string;
  readonly path: string;
  readonly #held: Lock[] = [];

  constructor({ clock = new FakeClock(), parent = tmpdir() } = {}) {
    this.clock = clock;
    this.processes = new FakeProcessTable(clock);
    this.folder = temporaryFolder(parent);
    this.path = join(this.folder, 'job.lock');
    onTestFinished(() => {
      for (const lock of this.#held) lock.release().catch(() => {});
    });
  }

  /** The dependencies of a process of this machine; by default the calling one. */
  as(process: FakeProcess = this.processes.own): Dependencies {
    return { clock: this.clock, processes: this.processes.as(process) };
  }

  /** Lets a process acquire the lock. Every call of `heartBeat` writes, unless the options say otherwise. */
  async acquire(process?: FakeProcess, options: AcquireOptions = {}): Promise<Lock> {
    const lock = await acquire(this.path, {
      heartbeatMinimalInterval: 0,
      dependencies: this.as(process),
      ...options,
    });
    this.#held.push(lock);
    return lock;
  }

  /** The lock file's text. */
  get text(): string {
    return readFileSync(this.path, 'utf8');
  }

  /** Writes a text there as someone else would, last changed at the fake clock's time. */
  write(text: string | Uint8Array, changedAt: number = this.clock.now()): void {
    writeFileSync(this.path, text);
    utimesSync(this.path, changedAt / 1000, changedAt / 1000);
  }

  /** The names in the folder. */
  get files(): string[] {
    return readdirSync(this.folder).sort();
  }
}

/** A record with every field, except where the test says otherwise. */
export function someRecord(changes: Partial<LockRecord> = {}): LockRecord {
  const process = changes.process ?? someIdentity();
  return {
    processId: process.pid,
    timestamp: new Date('2026-01-02T03:04:05.678Z'),
    token: '6c1f7c3e-0a7e-4f7e-9a53-0d5b3f6f0c11',
    fencingToken: 1_767_323_045_678_000,
    acquiredAt: new Date('2026-01-02T03:00:00.000Z'),
    staleTimeout: HOUR,
    monotonic: 123_456.789,
    process,
    workers: [],
    command: 'nightly.js --all',
    user: 'batch',
    cwd: '/srv/shop',
    owner: null,
    hold: null,
    progress: { ratio: 0.5, note: 'half-way' },
    ...changes,
  };
}

export function someIdentity(changes: Partial<ProcessIdentity> = {}): ProcessIdentity {
  return {
    pid: 4242,
    hostname: 'db-1',
    bootId: 'boot-1',
    pidNamespace: 'pid:[4026531836]',
    started: '5881234',
    ...changes,
  };
}

/** The system's file system, with some calls replaced. */
export function fileSystemWith(changes: Partial<FileSystem>): FileSystem {
  return { ...systemFileSystem, ...changes };
}

/** The error that Node throws when a system call fails. */
export function systemError(code: string, syscall = 'open'): Error {
  return Object.assign(new Error(`${code}: made up, ${syscall}`), { code, syscall });
}

/** Options as an untyped caller would pass them. */
export function untyped<Options extends object>(options: unknown): Options {
  return Object(options);
}
