import { currentUser } from '../../core/user-and-folder.js';
import { describeError } from '../errors/describe-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { readJobs } from '../jobs/read-jobs.js';
import { sayWhichAreMeant, withLocks } from '../stores/locks.js';
import { placeOf, type StoreAddress } from '../stores/store-option.js';
import { say, write } from '../terminal/messages.js';
import { replaceOwnFile } from '../terminal/own-file.js';
import { exposition } from './exposition.js';
import { familiesOf } from './families.js';

/** Prints the metrics of these locks, or of all, or writes them to a file. Returns the exit code. */
export async function metrics(
  names: readonly string[],
  textfile: string | undefined,
  address: StoreAddress | undefined,
): Promise<number> {
  const { jobs, store, failures } = await read(names, address);
  for (const failure of failures) say(failure);
  const isComplete = failures.length === 0;
  const text = exposition(familiesOf(jobs, { store, user: currentUser() }, isComplete));
  if (textfile === undefined) await write(text);
  else writeTextfile(textfile, text);
  return isComplete ? ExitCode.ok : ExitCode.store;
}

/** What was read, and why something could not be. A store that is away must not look like one in which nothing has changed. */
async function read(names: readonly string[], address: StoreAddress | undefined) {
  try {
    return await withLocks(address, async (locks) => {
      sayWhichAreMeant(names, locks);
      const jobs = await readJobs(names, locks);
      return { jobs, store: locks.database, failures: jobs.flatMap(({ failures }) => failures) };
    });
  } catch (error) {
    const { message, exitCode } = await describeError(error);
    if (exitCode !== ExitCode.store) throw error;
    const store = address === undefined ? null : placeOf(address);
    return { jobs: [], store, failures: [message] };
  }
}

/**
 * Puts the text in the place of the file in one step, so that the collector never reads half of it. Only a file of this user is replaced, with the
 * same first two lines, or an empty one. Throws a `CliError`.
 */
export function writeTextfile(path: string, text: string): void {
  replaceOwnFile(path, text, {
    // The collector runs as another user.
    mode: 0o644,
    // The type and the description of the first family, which are always the same.
    beginning: `${text.split('\n', 2).join('\n')}\n`,
    mayBeEmpty: true,
    complaint: 'it was not written by livinglock metrics',
  });
}
