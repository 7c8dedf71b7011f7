import { ExitCode } from './exit-codes.js';

/** For people. The type makes sure that no code is left out. */
const MEANINGS: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: 'success. run: the command exited with 0. status: all locks are held. wait: the lock can be taken',
  no: 'status: one of the locks is free. verify: the folder is unsafe for locks. schedule: you said no. check: WARNING',
  critical: 'check: CRITICAL',
  stale:
    'status: a holder is dead or has stalled; the next run takes over. check: UNKNOWN, including for wrong options',
  usage: 'wrong options or arguments',
  noInput:
    'verify, schedule: there is no such folder, or nothing can be written there. logs: no output is kept',
  internal: 'a bug in livinglock, or a Node that is too old',
  store:
    'the lock, its folder or the history cannot be read or written; or the file is not a lock. history: the page cannot be written. schedule: the schedule cannot be read or changed. metrics: something could not be read, or the file could not be written. run: a stalled holder could not be ended (--kill-stalled)',
  output:
    'standard output cannot be written. run: what the command wrote could not be passed on (--heartbeat output, --log)',
  busy: 'someone else holds the lock. run: nothing was run (-E sets another code). schedule: the crontab has changed in the meantime',
  lost: 'run, beat: the lock was lost during the run, so the work was not exclusive',
  timeout: 'run: the command was ended, because it took too long (--timeout) or has stalled',
  notExecutable: 'run, schedule: the command cannot be executed',
  notFound: 'run, schedule: there is no such command',
  signal: 'ended by signal n. run: the signal that ended the command; 130 for Ctrl-C',
};

/** Each code, as a number or `128+n`, with what it means. */
export function exitCodes(): [code: string, meaning: string][] {
  const codes = new Map<string, number>(Object.entries(ExitCode));
  return Object.entries(MEANINGS).map(([name, meaning]) => [
    `${codes.get(name)}${name === 'signal' ? '+n' : ''}`,
    meaning,
  ]);
}

/** What `livinglock help exit-codes` prints. */
export function describeExitCodes(): string {
  return [
    'Exit codes of livinglock. `livinglock run` exits with the status of the command, or, if the command has no status, with one of these:',
    '',
    ...exitCodes().map(([code, meaning]) => `  ${code.padEnd(7)}${meaning}`),
  ].join('\n');
}
