// Five real processes compete for one lock, and the demo checks each thing that should happen.
//
//     npm run demo
//     npm run example -- demo [folder]
//
// Starts `checksum-tree` several times, kills one process and makes one hang. Nothing depends on timing: the demo chooses the
// file at which a job's disk blocks (see `demo/disk.ts`), waits until it does, and never sleeps.

import { type Input, largestPart, nearestNodeModules } from './demo/input.js';
import type { JobProcess } from './demo/job-process.js';
import { Stage } from './demo/stage.js';

/** So long that a takeover during the demo cannot be due to the stale timeout. */
const LONG_TIMEOUT = { staleTimeout: '1h', heartbeatInterval: '100ms' };

/** In milliseconds. */
const STALE_TIMEOUT = 1500;
const SHORT_TIMEOUT = { staleTimeout: `${STALE_TIMEOUT}ms`, heartbeatInterval: '300ms' };

/** What "at once" means on a busy machine, in milliseconds. Most of it is the start of a Node process. */
const AT_ONCE = 10_000;

/** Time limit in milliseconds, far more than the demo needs. A demo that is stuck ends too, and says what is missing. */
const TIME_LIMIT = 60_000;

const interruption = new AbortController();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
for (const signal of SIGNALS) process.on(signal, () => interruption.abort(signal));

process.exitCode = await main().catch((error) => {
  console.error(`demo: ${messageOf(error)}`);
  return 1;
});

for (const signal of SIGNALS) {
  process.removeAllListeners(signal);
  // Everything is cleaned up, so die of the signal, as its sender expects.
  if (interruption.signal.reason === signal) process.kill(process.pid, signal);
}

async function main(): Promise<number> {
  const end = AbortSignal.any([interruption.signal, AbortSignal.timeout(TIME_LIMIT)]);
  const stage = await Stage.open(process.argv[2] ?? nearestNodeModules(), end);
  try {
    introduce(stage);
    const first = await theSecondYields(stage);
    await theThirdTakesOverFromTheDead(stage, first);
    await theFifthTakesOverFromTheHung(stage);
  } catch (error) {
    console.log(`\nAborted: ${messageOf(end.aborted ? end.reason : error)}`);
  } finally {
    await stage.close();
  }
  return interruption.signal.aborted ? 1 : conclude(stage);
}

function introduce({ input }: Stage): void {
  const megabytes = Math.ceil(input.bytes / 1e6);
  console.log(
    `Five processes compete to hash ${input.files.length} files (${megabytes} MB) below ${input.folder}`,
  );
}

async function theSecondYields(stage: Stage): Promise<JobProcess> {
  const { timeline, input } = stage;
  timeline.act('A second job starts while the first is at work');

  const first = stage.start('first', {
    ...LONG_TIMEOUT,
    input,
    breakpoint: `createReadStream ${Math.ceil(input.files.length / 3)}`,
  });
  const opened = await first.atBreakpoint();
  const before = await stage.inspect();
  timeline.say(
    'first',
    `PID ${first.pid} holds the lock and is at file ${opened + 1}; the lock is ${before.state}`,
  );

  const second = stage.start('second', { ...LONG_TIMEOUT, input });
  timeline.say('second', `PID ${second.pid} starts`);
  const { code } = await second.exit;
  timeline.quote('second', second.output);
  timeline.say('second', `exit code ${code}`);
  const [line = '', ...more] = second.output;
  stage.confirm(
    'yields',
    code === 75 &&
      more.length === 0 &&
      line.includes(`held by PID ${first.pid} `) &&
      (await second.filesOpened()) === 0,
  );

  first.resume(`createReadStream ${Math.ceil((input.files.length * 2) / 3)}`);
  const later = await first.atBreakpoint();
  const after = await stage.inspect();
  timeline.say('first', `is at file ${later + 1}`);
  stage.confirm(
    'undisturbed',
    later > opened && after.state === 'live' && after.holder?.token === before.holder?.token,
  );
  return first;
}

async function theThirdTakesOverFromTheDead(stage: Stage, first: JobProcess): Promise<void> {
  const { timeline, input } = stage;
  timeline.act('The first is killed, and the third takes over');

  const killedAt = new Date();
  first.kill();
  const { signal } = await first.exit;
  const left = await stage.inspect();
  timeline.say('first', `killed at work (${signal}); the lock is ${left.state}: ${left.reason}`);
  stage.confirm(
    'killed',
    signal === 'SIGKILL' && left.state === 'dead' && left.holder?.processId === first.pid,
  );

  const third = stage.start('third', { ...LONG_TIMEOUT, input, breakpoint: 'createReadStream 1' });
  await third.atBreakpoint();
  const { holder } = await stage.inspect();
  const delay = millisecondsBetween(killedAt, holder?.acquiredAt);
  timeline.say('third', `PID ${third.pid} holds the lock, ${delay} ms after the kill`);
  stage.confirm('atOnce', holder?.processId === third.pid && delay < AT_ONCE);

  const { resumed, isRight } = await finish(stage, third, first, input);
  stage.confirm('resumes', resumed);
  stage.confirm('finishes', isRight);
}

async function theFifthTakesOverFromTheHung(stage: Stage): Promise<void> {
  const { timeline } = stage;
  timeline.act('The fourth hangs, the fifth takes over, and the fourth wakes up');
  const input = await largestPart(stage.input);

  // The worst moment: the checkpoint is written, but not yet renamed into place.
  const fourth = stage.start('fourth', { ...SHORT_TIMEOUT, input, breakpoint: 'rename 3' });
  timeline.say('fourth', `PID ${fourth.pid} starts on ${input.files.length} files below ${input.folder}`);
  await fourth.atBreakpoint();
  const hung = await stage.inspect();
  timeline.say('fourth', 'holds the lock, and hangs in the middle of its third checkpoint');

  const fifth = stage.start('fifth', {
    ...SHORT_TIMEOUT,
    input,
    wait: '30s',
    breakpoint: 'createReadStream 1',
  });
  timeline.say('fifth', `PID ${fifth.pid} starts and waits`);
  await fifth.atBreakpoint();
  const taken = await stage.inspect();
  const silence = millisecondsBetween(hung.holder?.timestamp, taken.holder?.acquiredAt);
  timeline.say('fifth', `holds the lock, ${silence} ms after the last heartbeat of the fourth`);
  stage.confirm('hangs', fourth.isRunning && hung.holder?.processId === fourth.pid);
  stage.confirm('waits', taken.holder?.processId === fifth.pid && silence >= STALE_TIMEOUT);

  const before = stage.snapshot();
  timeline.say('fourth', 'wakes up while the fifth is at work, and continues its checkpoint');
  fourth.resume();
  const { code } = await fourth.exit;
  const lastLine = fourth.output.at(-1) ?? '';
  timeline.quote('fourth', [lastLine]);
  timeline.say('fourth', `exit code ${code}`);
  stage.confirm('learns', code === 3 && lastLine.includes(`PID ${fifth.pid} `));
  stage.confirm('harmless', stage.snapshot() === before);

  const { resumed, isRight } = await finish(stage, fifth, fourth, input);
  stage.confirm('completes', resumed && isRight);
  const left = await stage.list();
  const { state } = await stage.inspect();
  timeline.say('demo', `finds ${left.join(', ')}; the lock is ${state}`);
  stage.confirm('tidy', left.length === 1 && state === 'free');
}

/** Lets a job that has taken over finish, and checks that it resumed from the checkpoint and that its manifest is right. */
async function finish(stage: Stage, job: JobProcess, predecessor: JobProcess, input: Input) {
  const { timeline } = stage;
  job.resume();
  const { code } = await job.exit;
  const opened = await job.filesOpened();
  const { listed, compared, wrong, changed } = stage.verify(input);
  timeline.quote(
    job.name,
    job.output.filter((line) => !line.startsWith('checkpoint')),
  );
  timeline.say(job.name, `opened ${opened} files; exit code ${code}`);
  timeline.say('demo', `hashes ${compared} of the ${listed} files itself: ${wrong.length} differ`);
  return {
    resumed:
      opened !== null && opened > 0 && opened <= input.files.length - filesSavedBy(predecessor) + changed,
    isRight: code === 0 && wrong.length === 0,
  };
}

/** Read from the last line such as `checkpoint: 1200 of 5600 files`. */
function filesSavedBy({ output }: JobProcess): number {
  const last = output.findLast((line) => line.startsWith('checkpoint')) ?? '';
  return Number(/\d+/.exec(last)?.[0] ?? 0);
}

function millisecondsBetween(start: Date | undefined, end: Date | null | undefined): number {
  return start && end ? end.getTime() - start.getTime() : Number.NaN;
}

function conclude({ timeline, missing }: Stage): number {
  const seconds = (timeline.elapsed / 1000).toFixed(1);
  if (missing.length === 0) {
    console.log(`\nEverything happened as it should, in ${seconds} seconds.`);
    return 0;
  }
  console.log(`\nAfter ${seconds} seconds, this did not happen:`);
  for (const fact of missing) console.log(`  - ${fact}`);
  return 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
