import fs from 'node:fs';
import type { FileSystem } from '../../../../src/index.js';
import { systemFileSystem } from '../../../../src/stores/file/file-system.js';
import { systemError } from '../../../../support/world.js';

/** One use of a call, counted from 1. Those inside of an atomic write are calls of their own: `writeFileAtomicSync/renameSync`. */
export interface Use {
  readonly call: string;
  readonly count: number;
}

/** What goes wrong, from a certain use of a certain call on. */
export interface Fault {
  readonly at: Use;
  readonly lasts: 'once' | 'on and on';
  readonly strike: Strike;
  /** What the caller is told if the operation fails for it. */
  readonly code: string;
}

/** What happens in the place of a call, or around it. Gives what the caller sees. */
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
    // Nothing is left of a descriptor whose close fails; close(2).
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
 * The answer is lost and the kernel asks again, as over NFS: what is seen is the answer to the second try, such as that the
 * file to unlink is not there. Descriptors are of this machine; nobody is asked about them.
 */
export function repeat(call: Call): unknown {
  if (typeof call.target === 'string') runUnnoticed(call);
  return call.run();
}

/** Someone changes the disk right before the call, which then says what is true. */
export function precede(change: () => void): Strike {
  return (call) => {
    change();
    return call.run();
  };
}

/** The machine's file system, until a fault strikes it, and again when it is healed. Keeps account of what is used. */
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

  /** From now on takes down what is used. */
  watch(): void {
    this.#uses = [];
  }

  strikeWith(fault: Fault): void {
    this.watch();
    this.#fault = fault;
    this.#hasStruck = false;
  }

  /** From now on everything works. Gives what was used until then. */
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

  /** `write-file-atomic` calls Node's own functions, so these are replaced meanwhile: all that answer in place. */
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

/** It has its effect, and nobody knows of it. */
function runUnnoticed({ target, run }: Call): void {
  try {
    const answer = run();
    // What gives a number for a path has opened it.
    if (typeof target === 'string' && typeof answer === 'number') systemFileSystem.closeSync(answer);
    if (answer instanceof Object && 'close' in answer && typeof answer.close === 'function') answer.close();
  } catch {
    // Nor of its failure.
  }
}
