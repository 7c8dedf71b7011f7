import { parseEvent } from './event.js';
import { Eyes, sightOf } from './lock-file.js';
import { JUMP } from './options.js';
import type { Scenario } from './scenario.js';
import type { Stage } from './stage.js';
import { isInContainers } from './states.js';
import type { Report } from './step-report.js';
import { isForeign } from './strangers.js';
import { Violation } from './violation.js';

const MORTAL = 1030;
const HEIR = 1031;
/** After this many milliseconds what such a process prepared counts as litter. Its lock is not stale by then. */
const LONGEST_ENTRY = 31_000;

/**
 * When all contenders have ended, someone can acquire and send a heartbeat. If that one is killed, the next one takes
 * over and clears all litter. An empty folder needs no such proof: schedules start from it.
 */
export function judgeAftermath(stage: Stage, { state, breakage }: Scenario): void {
  if (state === 'foreign-file') {
    expectForeignFile(stage);
    return;
  }
  if (stage.files.length === 0) return;
  const [mortal, heir] = stage.contenders;
  if (mortal === undefined || heir === undefined) throw new Error('It takes two to have an aftermath.');
  const left = sightOf(new Eyes(stage.path).look());
  // A contender that was told that the guard is occupied has given up, and lives on with the lock; only a dead holder gives way at once.
  const isDead = left.record !== null && !stage.world.isAlive(left.record.pid);
  if (left.text !== null && !isDead) stage.letPass(JUMP);

  const inContainer = isInContainers(state);
  const part = { inContainer, path: stage.path, stepped: false, dies: '', breakage };
  tokenFrom(mortal.start({ ...part, pid: MORTAL, script: 'mortal' }));
  mortal.kill();
  // Nothing proves that a process in another container is not about to enter.
  if (inContainer) stage.letPass(LONGEST_ENTRY);
  const token = tokenFrom(heir.start({ ...part, pid: HEIR, script: 'visit' }));
  expectFiles(stage, ['job.lock', ...(inContainer ? [signOf(token)] : [])]);
  heir.go();
  expectFiles(stage, []);
}

/** Of the lock that was acquired. */
function tokenFrom({ steps }: Report): string {
  const told = steps.flatMap((step) => step.told).map(parseEvent);
  const acquired = told.find((event) => event.kind === 'acquired');
  if (acquired === undefined) {
    const answers = steps.flatMap((step) => step.told).join(', ');
    throw new Violation('never stuck', `in the end nobody can acquire: ${answers}`);
  }
  return acquired.token;
}

/** The name of the holder's sign of life. */
function signOf(token: string): string {
  return `job.lock.life.${token.replaceAll('-', '').slice(0, 20)}.0.0`;
}

function expectForeignFile(stage: Stage): void {
  const { text } = sightOf(new Eyes(stage.path).look());
  if (!isForeign(text)) throw new Violation('not ours', `the user's file at the lock's path is now: ${text}`);
  expectFiles(stage, ['job.lock']);
}

function expectFiles({ files }: Stage, expected: readonly string[]): void {
  if (files.join() !== expected.join()) {
    throw new Violation('no litter', `the last one has left ${files.join(', ')}`);
  }
}
