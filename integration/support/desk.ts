import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'livinglock';
import { expect } from 'vitest';
import { type Actor, startActor } from '../../support/actors.js';
import { isPosix, processState, temporaryFolder } from '../../support/machine.js';
import { type Ended, poll, Running } from '../../support/running.js';

// The command `livinglock`, as a shell starts it.

export const PROGRAM = fileURLToPath(new URL('../../dist/bin/livinglock.js', import.meta.url));

/** A home folder with a test's own locks, and with `livinglock` as a program that every shell finds. */
export class Desk {
  readonly folder = temporaryFolder();
  readonly locks = join(this.folder, 'locks');
  /** Of the user who runs the tests. */
  readonly history = join(this.locks, isPosix ? `history-${process.geteuid?.()}` : 'history');
  readonly #programs = join(this.folder, 'bin');

  constructor() {
    mkdirSync(this.locks);
    mkdirSync(this.#programs);
    const script = `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`;
    writeFileSync(join(this.#programs, 'livinglock'), script, { mode: 0o755 });
  }

  /** The path of the lock with that name. */
  path(name: string): string {
    return join(this.locks, `${name}.lock`);
  }

  holds(name: string): boolean {
    return existsSync(this.path(name));
  }

  record(name: string): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(this.path(name), 'utf8'));
  }

  /** Only what it takes to start programs, and `LIVINGLOCK`, as commands get it from a run. */
  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      PATH: `${this.#programs}${delimiter}${process.env['PATH']}`,
      HOME: this.folder,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      LIVINGLOCK_DIR: this.locks,
      LIVINGLOCK: join(this.#programs, 'livinglock'),
      ...more,
    };
  }

  /** Starts `livinglock` with these arguments. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): Running {
    return this.startProgram(process.execPath, [PROGRAM, ...args], env);
  }

  /** Same, to its end. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Runs a line of bash to its end. */
  bash(line: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
    return this.startProgram('bash', ['-c', line], env).ended;
  }

  startProgram(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Running {
    return new Running(program, args, { env: this.env(env), cwd: this.folder });
  }

  /** A process that holds the lock of that name, and is at work. */
  async live(name: string): Promise<Actor> {
    const actor = await startActor();
    await this.#hold(actor, name);
    return actor;
  }

  /** Leaves a lock whose holder is dead. */
  async dead(name: string): Promise<void> {
    await (await this.live(name)).kill();
  }

  /** A process that holds the lock, and sends no heartbeats. */
  async stalled(name: string): Promise<Actor> {
    const actor = await startActor();
    await this.#hold(actor, name, { staleTimeout: '1ms', heartbeatMinimalInterval: 0 });
    const isStalled = async () => (await inspect(this.path(name))).state === 'stalled';
    await poll(`${name} does not stall`, isStalled);
    return actor;
  }

  /** Stops a runner, but not in the middle of changing its lock's file. */
  freeze(run: Running, name: string): Promise<void> {
    return freeze(run, this.path(name));
  }

  async #hold(actor: Actor, name: string, options = {}): Promise<void> {
    expect(await actor.ask({ do: 'acquire', path: this.path(name), options })).toMatchObject({
      outcome: 'done',
    });
  }
}

/** One line of `livinglock`'s on stderr, with or without the time in front, and nothing else. */
export function oneLineWith(part: string | RegExp): unknown {
  const source = typeof part === 'string' ? part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&') : part.source;
  return expect.stringMatching(new RegExp(`^(?:[-+:T\\d]+ )?livinglock: [^\\n]*${source}[^\\n]*\\n$`));
}

/** Stops a process, but not in the middle of changing that lock: as long as it lives, that would keep everyone else from changing it. */
export async function freeze(run: Running, lock: string): Promise<void> {
  for (;;) {
    run.signal('SIGSTOP');
    await poll('It does not stop', () => processState(run.pid) === 'T');
    if (!existsSync(`${lock}.guard`)) return;
    run.signal('SIGCONT');
  }
}
