// The library at work in five real processes, with a check in each act that what should happen did.
//
//     npm run demo
//     npm run example -- demo [folder]
//
// Starts `checksum-tree` again and again, lets the processes meet, kills one and makes one hang. Nothing is left to timing: the
// demo decides at which file a job's disk stands still (see `demo/disk.ts`), waits until it does, and never sleeps.

import { type Input, largestPart, nearestNodeModules } from './demo/input.js';
import type { JobProcess } from './demo/job-process.js';
import { Stage } from './demo/stage.js';

/** So patient that whoever takes over before the demo ends cannot have waited for that. */
const PATIENT = { staleTimeout: '1h', heartbeatInterval: '100ms' };

/** In milliseconds. */
const STALE_TIMEOUT = 1500;
const IMPATIENT = { staleTimeout: `${STALE_TIMEOUT}ms`, heartbeatInterval: '300ms' };

/** What "at once" means on a busy machine, in milliseconds: for the most part the start of a Node process. */
const AT_ONCE = 10_000;

/** Far more than it takes, in milliseconds: so that a demo that is stuck ends too, and says what is missing. */
const LONGEST = 60_000;

const interruption = new AbortController();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
for (const signal of SIGNALS) process.on(signal, () => interruption.abort(signal));

process.exitCode = await main().catch((error) => {
  console.error(`demo: ${messageOf(error)}`);
  return 1;
});

for (const signal of SIGNALS) {
  process.removeAllListeners(signal);
  // Now that all is cleaned up, end as whoever sent the signal expects it.
  if (interruption.signal.reason === signal) process.kill(process.pid, signal);
}

async function main(): Promise<number> {
  const end = AbortSignal.any([interruption.signal, AbortSignal.timeout(LONGEST)]);
  const stage = await Stage.open(process.argv[2] ?? nearestNodeModules(), end);
  try {
    introduce(stage);
    const first = await theSecondYields(stage);
    await theThirdTakesOverFromTheDead(stage, first);
    await theFifthTakesOverFromTheHung(stage);
  } catch (error) {
    console.log(`\nBroken off: ${messageOf(end.aborted ? end.reason : error)}`);
  } finally {
    await stage.close();
  }
  return interruption.signal.aborted ? 1 : conclude(stage);
}

function introduce({ input }: Stage): void {
  const megabytes = Math.ceil(input.bytes / 1e6);
  console.log(
    `Five processes want to hash ${input.files.length} files (${megabytes} MB) below ${input.folder}`,
  );
}

async function theSecondYields(stage: Stage): Promise<JobProcess> {
  const { timeline, input } = stage;
  timeline.act('A second start, while the first is at work');

  const first = stage.start('first', {
    ...PATIENT,
    input,
    standstill: `createReadStream ${Math.ceil(input.files.length / 3)}`,
  });
  const opened = await first.atStandstill();
  const before = await stage.look();
  timeline.say(
    'first',
    `PID ${first.pid} has the lock and is at file ${opened + 1}; the lock is ${before.state}`,
  );

  const second = stage.start('second', { ...PATIENT, input });
  timeline.say('second', `PID ${second.pid} starts`);
  const { code } = await second.exit;
  timeline.quote('second', second.said);
  timeline.say('second', `exit code ${code}`);
  const [line = '', ...more] = second.said;
  stage.confirm(
    'yields',
    code === 75 &&
      more.length === 0 &&
      line.includes(`held by PID ${first.pid} `) &&
      (await second.filesOpened()) === 0,
  );

  first.goOn(`createReadStream ${Math.ceil((input.files.length * 2) / 3)}`);
  const later = await first.atStandstill();
  const after = await stage.look();
  timeline.say('first', `is at file ${later + 1}`);
  stage.confirm(
    'undisturbed',
    later > opened && after.state === 'live' && after.holder?.token === before.holder?.token,
  );
  return first;
}

async function theThirdTakesOverFromTheDead(stage: Stage, first: JobProcess): Promise<void> {
  const { timeline, input } = stage;
  timeline.act('The first is killed, the third takes over');

  const killedAt = new Date();
  first.kill();
  const { signal } = await first.exit;
  const left = await stage.look();
  timeline.say('first', `killed in the middle (${signal}); the lock is ${left.state}: ${left.reason}`);
  stage.confirm(
    'killed',
    signal === 'SIGKILL' && left.state === 'dead' && left.holder?.processId === first.pid,
  );

  const third = stage.start('third', { ...PATIENT, input, standstill: 'createReadStream 1' });
  await third.atStandstill();
  const { holder } = await stage.look();
  const delay = millisecondsBetween(killedAt, holder?.acquiredAt);
  timeline.say('third', `PID ${third.pid} has the lock, ${delay} ms after the kill`);
  stage.confirm('atOnce', holder?.processId === third.pid && delay < AT_ONCE);

  const { resumed, isRight } = await finish(stage, third, first, input);
  stage.confirm('resumes', resumed);
  stage.confirm('finishes', isRight);
}

async function theFifthTakesOverFromTheHung(stage: Stage): Promise<void> {
  const { timeline } = stage;
  timeline.act('The fourth hangs, the fifth takes over, the fourth wakes up');
  const input = await largestPart(stage.input);

  // The worst place: the checkpoint is written, and only the rename that puts it in its place is still to come.
  const fourth = stage.start('fourth', { ...IMPATIENT, input, standstill: 'rename 3' });
  timeline.say('fourth', `PID ${fourth.pid} starts on ${input.files.length} files below ${input.folder}`);
  await fourth.atStandstill();
  const hung = await stage.look();
  timeline.say('fourth', 'has the lock, and hangs in the middle of its third checkpoint');

  const fifth = stage.start('fifth', { ...IMPATIENT, input, wait: '30s', standstill: 'createReadStream 1' });
  timeline.say('fifth', `PID ${fifth.pid} starts, and waits`);
  await fifth.atStandstill();
  const taken = await stage.look();
  const silence = millisecondsBetween(hung.holder?.timestamp, taken.holder?.acquiredAt);
  timeline.say('fifth', `has the lock, ${silence} ms after the last heartbeat of the fourth`);
  stage.confirm('hangs', fourth.isRunning && hung.holder?.processId === fourth.pid);
  stage.confirm('patient', taken.holder?.processId === fifth.pid && silence >= STALE_TIMEOUT);

  const before = stage.snapshot();
  timeline.say('fourth', 'wakes up while the fifth is at work, and goes on with its checkpoint');
  fourth.goOn();
  const { code } = await fourth.exit;
  const lastLine = fourth.said.at(-1) ?? '';
  timeline.quote('fourth', [lastLine]);
  timeline.say('fourth', `exit code ${code}`);
  stage.confirm('learns', code === 3 && lastLine.includes(`PID ${fifth.pid} `));
  stage.confirm('harmless', stage.snapshot() === before);

  const { resumed, isRight } = await finish(stage, fifth, fourth, input);
  stage.confirm('completes', resumed && isRight);
  const left = await stage.list();
  const { state } = await stage.look();
  timeline.say('demo', `finds ${left.join(', ')}; the lock is ${state}`);
  stage.confirm('tidy', left.length === 1 && state === 'free');
}

/** Lets a job that has taken over do the rest, and tells whether it did no more than that, and did it right. */
async function finish(stage: Stage, job: JobProcess, predecessor: JobProcess, input: Input) {
  const { timeline } = stage;
  job.goOn();
  const { code } = await job.exit;
  const opened = await job.filesOpened();
  const { listed, compared, wrong, changed } = stage.verify(input);
  timeline.quote(
    job.name,
    job.said.filter((line) => !line.startsWith('checkpoint')),
  );
  timeline.say(job.name, `has opened ${opened} files; exit code ${code}`);
  timeline.say('demo', `hashes ${compared} of the ${listed} files itself: ${wrong.length} differ`);
  return {
    resumed:
      opened !== null && opened > 0 && opened <= input.files.length - filesSavedBy(predecessor) + changed,
    isRight: code === 0 && wrong.length === 0,
  };
}

/** As the last of its lines `checkpoint: 1200 of 5600 files` says. */
function filesSavedBy({ said }: JobProcess): number {
  const line = said.findLast((one) => one.startsWith('checkpoint')) ?? '';
  return Number(/\d+/.exec(line)?.[0] ?? 0);
}

function millisecondsBetween(start: Date | undefined, end: Date | null | undefined): number {
  return start && end ? end.getTime() - start.getTime() : Number.NaN;
}

function conclude({ timeline, missing }: Stage): number {
  const seconds = (timeline.elapsed / 1000).toFixed(1);
  if (missing.length === 0) {
    console.log(`\nAll of it happened, in ${seconds} seconds.`);
    return 0;
  }
  console.log(`\nAfter ${seconds} seconds, this has not happened:`);
  for (const fact of missing) console.log(`  - ${fact}`);
  return 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
