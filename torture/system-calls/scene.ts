import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from './judge.js';

export const LOCK = 'lock/job.lock';

/** What others keep beside the lock, under names that look like livinglock's own. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['job.lock.1', 'not a lock\n'],
  ['job.lock.guard.old', ''],
  ['job.lock.txt', 'a note\n'],
]);

/**
 * The command. It holds a lock of the kernel for as long as one of its processes lives, and writes down whether it was alone. Arguments: the file
 * that the kernel locks, the log, who it is, how long to work, and what to do meanwhile.
 */
const SCRIPT = [
  // It would end with its runner if that reads its output, and nobody would see that it was left alone.
  "trap '' PIPE",
  'exec 9>>"$1" || exit 126',
  'log=$2 who=$3 work=$4',
  'shift 4',
  'met=together; flock -n 9 && met=alone',
  'read -r now _ </proc/uptime',
  'echo "$who begins $met $$ $now" >>"$log"',
  '"$@"',
  'while [ "$work" -gt 0 ]; do echo at work 2>/dev/null; sleep 0.05; work=$((work - 1)); done',
  'echo "$who ends $met $$ 0" >>"$log"',
].join('\n');

/** A folder in which commands contend for a lock. */
export class Scene {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'livinglock-calls-')));
  /** Where strace writes. */
  readonly trace = join(this.folder, 'trace');
  readonly #log = join(this.folder, 'log');

  constructor() {
    mkdirSync(join(this.folder, 'lock'));
    for (const [name, content] of FOREIGN) writeFileSync(this.#beside(name), content);
    writeFileSync(this.#log, '');
  }

  /** Without what a user may have set, and so with the same calls everywhere. */
  get env(): NodeJS.ProcessEnv {
    return {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: join(this.folder, 'home'),
      TMPDIR: this.folder,
      LC_ALL: 'C',
    };
  }

  /** The command of that name. @param isStubborn It goes on after SIGTERM, so that whoever takes over meets it. */
  command(who: string, work: number, meanwhile: readonly string[], isStubborn: boolean): string[] {
    const script = isStubborn ? `trap '' TERM\n${SCRIPT}` : SCRIPT;
    return ['/bin/sh', '-c', script, 'sh', 'witness', this.#log, who, String(work), ...meanwhile];
  }

  get entries(): (Entry & { readonly pid: number })[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [who = '', what, met, pid, at] = line.split(' ');
      return {
        who,
        what: what === 'begins' ? what : 'ends',
        isAlone: met === 'alone',
        at: Number(at),
        pid: Number(pid),
      };
    });
  }

  get left(): string[] {
    return readdirSync(this.#beside('.')).filter((name) => !FOREIGN.has(name));
  }

  get harmed(): string[] {
    return [...FOREIGN]
      .filter(([name, content]) => contentOf(this.#beside(name)) !== content)
      .map(([name]) => name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #beside(name: string): string {
    return join(this.folder, LOCK, '..', name);
  }
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
