// npm run torture:calls -- [--runs N] [--every] [--job NAME] [--call NAME] [--error NAME] [--when N] [--seconds N] [--seed N]
//
// livinglock with one system call that fails, at a time. See `--help`.

import { Progress } from '../../support/figures/progress.js';
import { type Case, cases } from './cases.js';
import { fateOf, judge } from './judge.js';
import { type CallsOptions, HELP, readOptions } from './options.js';
import { Program } from './program.js';
import { describeViolation, Tally } from './report.js';
import { endure } from './round.js';
import { isOfNode, whyNotHere } from './strace.js';

const WRONG_ARGUMENTS = 2;
const INTERRUPTIONS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

process.exitCode = await run();

async function run(): Promise<number> {
  let options: CallsOptions | 'help';
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
    return WRONG_ARGUMENTS;
  }
  if (options === 'help') {
    console.log(HELP);
    return 0;
  }
  const hindrance = whyNotHere();
  if (hindrance === null) return runWith(options);
  console.error(hindrance);
  return WRONG_ARGUMENTS;
}

async function runWith(options: CallsOptions): Promise<number> {
  let interrupted: number | undefined;
  for (const [signal, code] of Object.entries(INTERRUPTIONS)) {
    process.on(signal, () => {
      interrupted = code;
    });
  }
  const program = new Program(options.breakage);
  const tally = new Tally(options);
  const progress = new Progress('torture:calls');
  for await (const each of cases(options, program)) {
    // The processes of a run end by themselves in a moment, and it would be a fault to end them.
    if (interrupted !== undefined) break;
    if (tally.runs >= options.runs || tally.seconds >= options.seconds) break;
    progress.say(tally.describeProgress(each));
    await suffer(each, tally);
  }
  program.remove();
  Progress.end();
  console.log(tally.format());
  if (interrupted !== undefined)
    console.error('Interrupted; all processes have ended and all files are removed.');
  return interrupted ?? (tally.violations === 0 && tally.hits > 0 ? 0 : 1);
}

async function suffer(each: Case, tally: Tally): Promise<void> {
  const evidence = await endure(each);
  const { injected } = evidence;
  // Which of its calls Node makes first is not always the same.
  const isOfOthers = injected !== null && isOfNode(injected);
  const violations = isOfOthers ? [] : judge(evidence);
  tally.add(each, fateOf(evidence), injected !== null && !isOfOthers, violations.length);
  if (violations.length === 0) return;
  Progress.end();
  console.log(describeViolation(each, evidence, violations));
}
