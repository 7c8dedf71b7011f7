import { systemClock } from 'livinglock';
import type { Chronicle } from '../chronicle.js';
import type { Member } from '../crew.js';
import type { Random } from '../random.js';
import { RunAccount } from './account.js';
import { drawPlan, type Strike } from './plan.js';
import { type Paths, RunProcess } from './run-process.js';
import type { Shell } from './script.js';

/** Starts `livinglock run` with a command once, and strikes it as the random numbers say. */
export function employCommand(paths: Paths, shell: Shell, random: Random, chronicle: Chronicle): Member {
  const plan = drawPlan(random);
  const { strike, delay } = plan;
  const account = new RunAccount(plan, chronicle);
  const assail = (attack: Strike) => setTimeout(() => hit(run, attack, account, chronicle), delay).unref();
  const run = new RunProcess(paths, shell, plan, (message) => {
    account.hear(message);
    if (message.what === 'started' && strike?.when === 'work') assail(strike);
  });
  if (strike?.when === 'launch') assail(strike);
  const end = Promise.all([run.runnerEnd, run.end])
    .then(([runner, errors]) => account.close(runner, errors))
    .catch((error) => {
      chronicle.fail(`a run could not be started or understood: ${error.message}`);
      run.kill();
    });
  return { end, finish() {}, kill: () => run.kill() };
}

/** A process that has already ended receives nothing, so it does not count. */
function hit(
  run: RunProcess,
  { name, parts, signal }: Strike,
  account: RunAccount,
  chronicle: Chronicle,
): void {
  if (run.hasEnded) return;
  chronicle.strikeRun(name);
  for (const part of parts) {
    const pid = run.pidOf(part);
    if (pid !== undefined && signal === 'SIGKILL') account.killed(pid, systemClock.monotonic());
    run.signal(part, signal);
  }
}
