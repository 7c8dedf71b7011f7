// npm run torture -- [--processes N] [--seconds N] [--kill P] [--stop P] [--stale-timeout MS] [--seed N] [--folder DIR]
//
// Real processes, killed and stopped at random moments and inside the library's critical sections. See `--help`.

import { Progress } from '../support/figures/progress.js';
import { Chronicle } from './chronicle.js';
import { HELP, readOptions, type TortureOptions } from './options.js';
import { torture } from './run.js';
import { formatReport } from './summary.js';
import { judge } from './verdict.js';

const WRONG_ARGUMENTS = 2;
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** How often the progress line is rewritten, in milliseconds. */
const PROGRESS_PERIOD = 200;

process.exitCode = await run();

async function run(): Promise<number> {
  let options: TortureOptions | 'help';
  try {
    if (process.platform === 'win32') throw new Error('On Windows no process can be stopped.');
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return WRONG_ARGUMENTS;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  return runWith(options);
}

async function runWith(options: TortureOptions): Promise<number> {
  const interruption = new AbortController();
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(INTERRUPTIONS)) {
    process.on(signal, () => {
      interrupted = code;
      interruption.abort();
    });
  }
  const chronicle = new Chronicle();
  const stopShowing = showProgress(options.seconds, chronicle);
  try {
    const ordeal = await torture(options, chronicle, interruption.signal);
    stopShowing();
    const verdict = judge(ordeal, options.staleTimeout);
    console.log(formatReport(options, ordeal, verdict));
    return verdict.faults.length === 0 ? 0 : 1;
  } catch (error) {
    stopShowing();
    if (interrupted === undefined) throw error;
    console.error('Interrupted; all processes are ended and all files removed.');
    return interrupted;
  }
}

/** Returns the signal that ends it. */
function showProgress(seconds: number, chronicle: Chronicle): () => void {
  const progress = new Progress('torture');
  const begin = performance.now();
  const timer = setInterval(() => {
    // Processes that are stopped at the end still get their time.
    const elapsed = Math.min(seconds, Math.round((performance.now() - begin) / 1000));
    const { acquisitions, kills, stops } = chronicle;
    progress.say(
      `${elapsed} of ${seconds} s, ${acquisitions} acquisitions, ${kills.outside + kills.atCall} crashes, ` +
        `${stops.outside + stops.atCall} stops`,
    );
  }, PROGRESS_PERIOD);
  return () => {
    clearInterval(timer);
    Progress.end();
  };
}
