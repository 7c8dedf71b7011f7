import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { temporaryFolder } from '../../support/machine.js';
import { PROGRAM } from './desk.js';

/** Works like crontab(1) for a user whose crontab is the file that `FAKE_CRONTAB` names. */
const FAKE_CRONTAB = `#!/bin/sh
[ "$1" = -u ] && shift 2
case "$1" in
-l) if [ -e "$FAKE_CRONTAB" ]; then cat "$FAKE_CRONTAB"; else echo "no crontab for batch" >&2; exit 1; fi ;;
-r) rm "$FAKE_CRONTAB" ;;
-) cat > "$FAKE_CRONTAB.new" && mv "$FAKE_CRONTAB.new" "$FAKE_CRONTAB" ;;
*) echo "usage: crontab" >&2; exit 1 ;;
esac
`;

/** A user with a home folder, locks and a crontab of its own. */
export class User {
  readonly folder = temporaryFolder();
  readonly crontab = join(this.folder, 'crontab.txt');
  readonly env: NodeJS.ProcessEnv;
  /** Its UID on this machine, if not that of the tests. */
  uid?: number;
  readonly #programs = join(this.folder, 'bin');

  constructor() {
    mkdirSync(this.#programs);
    this.addProgram('crontab', FAKE_CRONTAB);
    this.env = {
      ...process.env,
      HOME: this.folder,
      LIVINGLOCK_DIR: join(this.folder, 'locks'),
      PATH: [this.#programs, process.env['PATH']].join(delimiter),
      FAKE_CRONTAB: this.crontab,
    };
  }

  /** Puts a program in front of those on the PATH. */
  addProgram(name: string, script: string): void {
    const path = join(this.#programs, name);
    writeFileSync(path, script);
    chmodSync(path, 0o755);
  }

  schedule(...args: readonly string[]) {
    return this.start(process.execPath, [PROGRAM, 'schedule', ...args]);
  }

  start(program: string, args: readonly string[], input = '') {
    const { status, stdout, stderr } = spawnSync(program, args, {
      env: this.env,
      cwd: this.folder,
      ...(this.uid === undefined ? {} : { uid: this.uid }),
      input,
      encoding: 'utf8',
    });
    return { code: status, output: stdout, errors: stderr };
  }
}

/** The line of cron, without its command. */
export const JOB = ['--every', '2m', '--name', 'parser', '--for', 'cron'];
