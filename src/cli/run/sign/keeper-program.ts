// The process of a `Keeper`: node keeper-program.js <socket> <token>. It hears the command's group from the runner, until that dies.

import { LinuxProbe } from '../../../system/processes/linux.js';
import { isStillRunning } from '../../../system/processes/process-table.js';
import { systemProcesses } from '../../../system/processes/system.js';
import { hasToken, listProcesses } from '../processes/process-list.js';

/** Milliseconds. */
const PERIOD = 100;
/** With which somebody may end everything, and not mean this. */
const POLITE: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
];

const [, , socket = '', token = ''] = process.argv;
let told = '';

// Whoever ends the runner by its name must not end its keeper, too.
process.title = 'keeper';
for (const signal of POLITE) process.on(signal, () => {});
process.stdin.setEncoding('latin1');
process.stdin.on('data', (text) => {
  told += String(text);
});
process.stdin.on('error', () => {});
process.stdin.on('close', keepUntilTheEnd);

function keepUntilTheEnd(): void {
  const [, number] = /^(\d+)\n/.exec(told) ?? [];
  const group = number === undefined ? undefined : systemProcesses().identify(Number(number), true);
  const lives =
    group === undefined ? mayHaveBegun : () => group !== null && isStillRunning(group, systemProcesses());
  const look = () => (lives() ? setTimeout(look, PERIOD) : process.exit());
  look();
}

/** Whether there is a command, or something that it has started: the runner died before it could tell. */
function mayHaveBegun(): boolean {
  return (
    new LinuxProbe().isSocketOpen(socket) === 'yes' || listProcesses().some(({ pid }) => hasToken(pid, token))
  );
}
