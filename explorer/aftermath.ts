import type { Contender } from './contender.js';
import { Eyes, sightOf } from './lock-file.js';
import { JUMP } from './options.js';
import type { ScriptName } from './part.js';
import type { Scenario } from './scenario.js';
import type { Stage } from './stage.js';
import type { Report } from './step-report.js';
import { isForeign } from './strangers.js';
import { Violation } from './violation.js';

const MORTAL = 1030;
const HEIR = 1031;

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
  if (left.text !== null && !isDead) stage.world.pass(JUMP);

  expectToAcquire(start(stage, mortal, MORTAL, 'mortal', breakage));
  mortal.kill();
  expectToAcquire(start(stage, heir, HEIR, 'visit', breakage));
  expectFiles(stage, ['job.lock']);
  heir.go();
  expectFiles(stage, []);
}

function start(
  stage: Stage,
  contender: Contender,
  pid: number,
  script: ScriptName,
  breakage: string,
): Report {
  return contender.start({ pid, path: stage.path, script, stepped: false, dies: '', breakage });
}

function expectToAcquire({ steps }: Report): void {
  const told = steps.flatMap((step) => step.told);
  if (!told.some((event) => event.startsWith('acquired '))) {
    throw new Violation('never stuck', `in the end nobody can acquire: ${told.join(', ')}`);
  }
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
