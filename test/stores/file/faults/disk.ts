import fs from 'node:fs';
import { systemFileSystem } from '../../../../src/stores/file/file-system.js';
import type { FileSystem } from '../../../../src/stores/file/index.js';
import { systemError } from '../../../../support/world.js';

/** One use of a call, counted from 1. The calls inside an atomic write count by themselves: `writeFileAtomicSync/renameSync`. */
export interface Use {
  readonly call: string;
  readonly count: number;
}

/** What goes wrong, from a certain use of a certain call on. */
export interface Fault {
  readonly at: Use;
  readonly lasts: 'once' | 'on and on';
  readonly strike: Strike;
  /** The error code that the caller gets if the operation fails because of it. */
  readonly code: string;
}

/** What happens instead of a call, or around it. Returns what the caller sees. */
export type Strike = (call: Call) => unknown;

interface Call {
  readonly name: string;
  /** The path or the descriptor that it is about. */
  readonly target: unknown;
  readonly run: () => unknown;
}

/** The call does nothing, and fails. */
export function refuse(code: string): Strike {
  return (call) => {
    // A descriptor whose close fails is gone anyway; close(2).
    if (call.name.endsWith('closeSync')) call.run();
    throw systemError(code, call.name);
  };
}

/** The call does what it should, and then seems to have failed, as when a file server stops answering. */
export function loseAnswer(code: string): Strike {
  return (call) => {
    runUnnoticed(call);
    throw systemError(code, call.name);
  };
}

/**
 * The answer is lost and the kernel asks again, as over NFS: the caller sees the answer to the second attempt, for example that the
 * file to unlink does not exist. Descriptors are local, so nothing is sent for them.
 */
export function repeat(call: Call): unknown {
  if (typeof call.target === 'string') runUnnoticed(call);
  return call.run();
}

/** Someone changes the disk right before the call, which then tells the truth. */
export function precede(change: () => void): Strike {
  return (call) => {
    change();
    return call.run();
  };
}

/** The machine's file system, until a fault strikes it, and again when it is healed. Records what is used. */
export class FaultyDisk {
  readonly fileSystem: FileSystem;
  #fault: Fault | null = null;
  #hasStruck = false;
  #uses: Use[] = [];

  constructor() {
    this.fileSystem = new Proxy(systemFileSystem, {
      get: (target, name) => {
        const call: unknown = Reflect.get(target, name);
        if (typeof call !== 'function') return call;
        return (...parameters: unknown[]): unknown =>
          this.#use({
            name: String(name),
            target: parameters[0],
            run: () => {
              const run = (): unknown => Reflect.apply(call, target, parameters);
              return name === 'writeFileAtomicSync' ? this.#reachingInto(name, run) : run();
            },
          });
      },
    });
  }

  /** From now on records what is used. */
  watch(): void {
    this.#uses = [];
  }

  strikeWith(fault: Fault): void {
    this.watch();
    this.#fault = fault;
    this.#hasStruck = false;
  }

  /** From now on everything works. Returns what was used until then. */
  heal(): readonly Use[] {
    this.#fault = null;
    return this.#uses;
  }

  #use(call: Call): unknown {
    const count = 1 + this.#uses.filter((use) => use.call === call.name).length;
    const use = { call: call.name, count };
    this.#uses.push(use);
    return this.#fault !== null && this.#isStruck(use, this.#fault) ? this.#fault.strike(call) : call.run();
  }

  #isStruck({ call, count }: Use, { at, lasts }: Fault): boolean {
    if (this.#hasStruck) return lasts === 'on and on';
    this.#hasStruck = at.call === call && at.count === count;
    return this.#hasStruck;
  }

  /** `write-file-atomic` calls Node's own functions, so these are replaced meanwhile: all synchronous ones. */
  #reachingInto(outer: string, run: () => unknown): unknown {
    const restorations = Object.entries(fs).flatMap(([name, call]) => {
      if (typeof call !== 'function' || !name.endsWith('Sync')) return [];
      Reflect.set(fs, name, (...parameters: unknown[]): unknown =>
        this.#use({
          name: `${outer}/${name}`,
          target: parameters[0],
          run: () => Reflect.apply(call, fs, parameters),
        }),
      );
      return [() => Reflect.set(fs, name, call)];
    });
    try {
      return run();
    } finally {
      for (const restore of restorations) restore();
    }
  }
}

/** It takes effect, and nobody notices. */
function runUnnoticed({ target, run }: Call): void {
  try {
    const answer = run();
    // A call that returns a number for a path has opened it.
    if (typeof target === 'string' && typeof answer === 'number') systemFileSystem.closeSync(answer);
    if (answer instanceof Object && 'close' in answer && typeof answer.close === 'function') answer.close();
  } catch {
    // Nor does anybody notice its failure.
  }
}
