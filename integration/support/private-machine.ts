import { canBeNobody, canMount } from '../../support/machine.js';
import { type Ended, Running } from '../../support/running.js';
import { PROGRAM } from './desk.js';

/** Whether this machine can give a test a private one. */
export const canBePrivate = canMount && canBeNobody;

export const ALICE = 7101;
/** Her home folder belongs to root, as that of a system user does. */
export const DAEMON = 7102;
/** Has no entry in the user database. */
export const STRANGER = 54321;
export const MALLORY = 7666;

const USERS = `
alice:x:${ALICE}:${ALICE}::/run/homes/alice:/bin/sh
daemon-of-test:x:${DAEMON}:${DAEMON}::/usr/sbin:/bin/sh
`;

/** Everything that this changes is in a namespace of its own: /run with homes in it, /var/tmp, /var/lib, /etc, and the host name. */
const SETUP = `
set -e
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=1777 none /var/tmp
mount -t tmpfs -o mode=755 none /var/lib
mkdir -m 1777 /run/lock
mkdir -m 755 /run/homes
mkdir -m 700 /run/homes/alice
chown ${ALICE}:${ALICE} /run/homes/alice
mkdir /run/etc
for file in nsswitch.conf group ld.so.cache ld.so.conf ld.so.conf.d; do
  if [ -e "/etc/$file" ]; then cp -R "/etc/$file" /run/etc/; fi
done
cat /etc/passwd - > /run/etc/passwd
echo b08dfa6083e7567a1921a715000001fb > /run/etc/machine-id
mount --bind /run/etc /etc
hostname laptop.home.lan
echo ready
exec sleep infinity
`;

export interface Life {
  readonly uid: number;
  /** Only this and a PATH are inherited. */
  readonly env?: NodeJS.ProcessEnv;
  /** What sh(1) does first, as root, in a mount namespace of this process alone: what systemd does for a unit. */
  readonly sandbox?: string;
}

/** A machine with its own users, folders and host name, on the same kernel. It is gone with the test. */
export class PrivateMachine {
  readonly #first: Running;

  static async start(): Promise<PrivateMachine> {
    const first = new Running('unshare', ['--mount', '--uts', 'sh', '-c', SETUP], {
      env: { PATH: process.env['PATH'] },
      cwd: '/',
    });
    first.write(USERS);
    first.endInput();
    await first.prints(/ready/);
    return new PrivateMachine(first);
  }

  private constructor(first: Running) {
    this.#first = first;
  }

  /** The path under which the test sees that path of the machine. */
  path(path: string): string {
    return `/proc/${this.#first.pid}/root${path}`;
  }

  /** Starts `livinglock` as a user. */
  start(args: readonly string[], { uid, env = {}, sandbox = 'true' }: Life): Running {
    const user = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
    const command = [...user, process.execPath, PROGRAM, ...args];
    const line = ['unshare', '--mount', 'sh', '-c', `set -e; ${sandbox}; exec "$@"`, 'sh', ...command];
    return this.#enter(line, env);
  }

  run(args: readonly string[], life: Life): Promise<Ended> {
    return this.start(args, life).ended;
  }

  /** Runs a line of sh(1) as root. Returns its output. */
  async root(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.#enter(['sh', '-c', line], {}).ended;
    if (code !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  }

  #enter(command: readonly string[], env: NodeJS.ProcessEnv): Running {
    const namespaces = ['--target', String(this.#first.pid), '--mount', '--uts'];
    return new Running('nsenter', [...namespaces, ...command], {
      env: { PATH: process.env['PATH'], ...env },
      cwd: '/',
    });
  }
}
