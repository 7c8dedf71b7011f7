import { rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { attempt } from '../../system/attempt.js';
import { makeTrustedFolder, type TrustedFolder } from '../../system/files/trusted-folder.js';
import { above, folder, ours } from '../../system/home/locks-folder.js';
import { messageOf } from '../../system/message-of.js';
import { modeOf, read, replaceFile } from '../install-steps.js';
import type { Step } from '../installer.js';
import { notOurs, orFailed, refused } from '../schedule-error.js';
import type { Job } from '../scheduled-job.js';
import type { Secret } from './secret.js';

/** How a kind of file assigns a variable. */
interface SecretFormat {
  readonly suffix: string;
  readonly assign: (variable: string, value: string) => string;
}

/** Read by `. FILE` of a shell. */
export const FOR_SHELL: SecretFormat = {
  suffix: 'sh',
  assign: (variable, value) => `export ${variable}='${value.replaceAll("'", "'\\''")}'`,
};

/** Read by `EnvironmentFile=` (systemd.exec(5)). */
export const FOR_SYSTEMD: SecretFormat = {
  suffix: 'env',
  assign: (variable, value) => `${variable}="${value.replaceAll(/["\\`$]/g, '\\$&')}"`,
};

/** Nothing but assignments of our variables. */
const OURS = /^(?:(?:export )?LIVINGLOCK_\w+=[^\n]*\n)*$/;

interface Writing {
  readonly step: Step;
  undo(): Promise<unknown>;
}

/** A file that only its user can read, with the secrets of a job in it. */
export class SecretFile {
  readonly #home: () => string;
  readonly #name: string;
  readonly #format: SecretFormat;

  /** @param home Called only if a file is needed. Throws for a user without a home folder. */
  constructor(home: () => string, scheduler: string, name: string, format: SecretFormat) {
    this.#home = home;
    this.#name = `${name}.${scheduler}.${format.suffix}`;
    this.#format = format;
  }

  get path(): string {
    return join(this.#folder.path, this.#name);
  }

  /** What to know before the configuration is installed by hand. */
  notes(secrets: readonly Secret[]): string[] {
    return secrets.map(
      ({ variable, shown, hidden, reason }) =>
        `${reason}, so the job reads it from ${this.path}. --install writes this file; by hand, give it mode 600 and ` +
        `the line ${this.#format.assign(variable, shown)}, with ${hidden} in place of ***.`,
    );
  }

  /**
   * A command that reads the file, in the format for a shell, and then becomes the given one. Always by `/bin/sh`: the `SHELL` of a crontab may not
   * know `.`, as csh and fish.
   */
  readBy({ command, secrets }: Pick<Job, 'command' | 'secrets'>): readonly string[] {
    return secrets.length === 0 ? command : ['/bin/sh', '-c', '. "$0" && exec "$@"', this.path, ...command];
  }

  /**
   * Adds to steps that change what reads the file the one that writes it, or removes it if there are no secrets. A reader is never without its file:
   * it is written before them, and removed after them. If the first of them fails, the old content is back.
   */
  async around(steps: readonly Step[], secrets: readonly Secret[]): Promise<Step[]> {
    if (secrets.length === 0) return [...steps, ...(await this.#removal())];
    const own = await this.#writing(secrets);
    if (own === null) return [...steps];
    const [first, ...rest] = steps;
    if (first === undefined) return [own.step];
    const apply = async () => {
      try {
        await first.apply();
      } catch (error) {
        await own.undo().catch(() => {});
        throw error;
      }
    };
    return [own.step, { ...first, apply }, ...rest];
  }

  /** `null` if it already contains them. */
  async #writing(secrets: readonly Secret[]): Promise<Writing | null> {
    if (secrets.some(({ value }) => /\p{Cc}/u.test(value))) {
      throw refused(
        `${secrets.map(({ variable }) => variable).join(', ')}: a control character cannot be kept in a file of variables.`,
      );
    }
    const { path } = this;
    const text = secrets.map(({ variable, value }) => `${this.#format.assign(variable, value)}\n`).join('');
    const before = await orFailed(`change ${path}`, () => readSecrets(path));
    if (before?.isPrivate === true && before.text === text) return null;
    return {
      step: {
        lines: [
          `${path} (mode 600)`,
          ...(before === null ? [] : ['- the old content']),
          ...secrets.map(({ variable, shown }) => `+ ${this.#format.assign(variable, shown)}`),
        ],
        apply: () => orFailed(`change ${path}`, () => this.#write(text)),
      },
      // A new file stays: what has failed may have been carried out, so that something reads it.
      undo: async () => before !== null && this.#write(before.text),
    };
  }

  async #removal(): Promise<Step[]> {
    const path = attempt(() => this.path, null);
    if (path === null || (await orFailed(`change ${path}`, () => readSecrets(path))) === null) return [];
    return [{ lines: [`${path} is removed`], apply: () => orFailed(`change ${path}`, () => remove(path)) }];
  }

  async #write(text: string): Promise<void> {
    makeFolder(this.#folder);
    await replaceFile(this.path, text, 0o600);
  }

  get #folder(): TrustedFolder {
    const home = this.#home();
    const config = join(home, '.config');
    return folder([above(home), above(config), ours(join(config, 'livinglock'))]);
  }
}

async function remove(path: string): Promise<void> {
  await rm(path);
  // Other jobs may have files in the folder.
  await rmdir(dirname(path)).catch(() => {});
}

function makeFolder(trusted: TrustedFolder): void {
  try {
    makeTrustedFolder(trusted);
  } catch (error) {
    throw new Error(
      `${messageOf(error)}. Only you may be able to write there; after sudo, HOME must be root's (sudo -H).`,
      {
        cause: error,
      },
    );
  }
}

/** `null` if there is no such file. Throws if we have not written it. */
async function readSecrets(
  path: string,
): Promise<{ readonly text: string; readonly isPrivate: boolean } | null> {
  const text = await read(path);
  if (text === null) return null;
  if (!OURS.test(text)) throw notOurs(path);
  return { text, isPrivate: ((modeOf(path) ?? 0o777) & 0o077) === 0 };
}
