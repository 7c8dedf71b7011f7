import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { startActor } from '../support/actors.js';
import { canUnshare, descendantsOf, temporaryFolder, waitForEndOf } from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { Running } from '../support/running.js';

const LIBRARY = new URL('../dist/index.js', import.meta.url).href;
const CONTAINER = ['--pid', '--fork', '--kill-child', '--mount-proc'];

let folder: string;
let path: string;

beforeEach(() => {
  folder = join(temporaryFolder(), 'locks');
  mkdirSync(folder);
  path = join(folder, 'job.lock');
});

/** Runs a program in a container of its own; its argument is the lock. */
function run(script: string, cwd: string = folder): Running {
  const program = join(temporaryFolder(), 'program.mjs');
  writeFileSync(program, `import { acquire } from ${JSON.stringify(LIBRARY)};\n${script}`);
  const args = [...CONTAINER, process.execPath, program, path];
  return new Running('unshare', args, { env: process.env, cwd });
}

async function acquireElsewhere(): Promise<string> {
  const actor = await startActor({ within: ['unshare', ...CONTAINER], isQuiet: true });
  return outcomeOf(await actor.ask({ do: 'acquire', path }));
}

async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await waitForEndOf([pid]);
}

describe.skipIf(!canUnshare)('a process in a container that keeps a sign of life', () => {
  test('ends as it would without a lock', async () => {
    const job = run(`
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      await turn();
      const before = process.getActiveResourcesInfo();
      await acquire(process.argv[2]);
      await turn();
      console.log(JSON.stringify([before, process.getActiveResourcesInfo()]));
      process.exitCode = 3;
    `);

    expect(await job.ended).toMatchObject({ code: 3, signal: null });
    const [before, during] = JSON.parse(job.stdout);
    expect(during).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('keeps it wherever it goes, and however long the path is', async () => {
    const deep = join(folder, ...Array.from({ length: 6 }, () => 'x'.repeat(50)));
    mkdirSync(deep, { recursive: true });
    const job = run(
      `
      await acquire('job.lock');
      process.chdir('/');
      console.log('here');
      setInterval(() => {}, 1000);
      `,
      deep,
    );
    await job.prints(/here/);
    path = join(deep, 'job.lock');

    expect(await acquireElsewhere()).toBe('busy');
    await kill(descendantsOf(job.pid).at(-1) ?? 0);
    expect(await acquireElsewhere()).toBe('done');
  });

  // Node would make it non-blocking for all who share it.
  test('does not touch its stderr when it is asked', async () => {
    const job = run(`
      import { writeSync } from 'node:fs';
      let isTouched = false;
      Object.defineProperty(process, 'stderr', { get() { isTouched = true; } });
      await acquire(process.argv[2]);
      writeSync(1, 'here');
      process.stdin.once('data', () => {
        writeSync(1, isTouched ? 'touched' : 'left alone');
        process.exit();
      });
    `);
    await job.prints(/here/);
    expect(await acquireElsewhere()).toBe('busy');
    job.write('\n');
    await job.prints(/left alone/);
  });

  test('keeps it itself as a cluster worker', async () => {
    const job = run(`
      import cluster from 'node:cluster';
      if (cluster.isPrimary) {
        cluster.fork().on('exit', () => console.log('gone'));
      } else {
        await acquire(process.argv[2]);
        console.log('here');
      }
    `);
    await job.prints(/here/);

    expect(await acquireElsewhere()).toBe('busy');
    await kill(descendantsOf(job.pid).at(-1) ?? 0);
    await job.prints(/gone/);
    expect(await acquireElsewhere()).toBe('done');
  });

  test('keeps it as a worker thread, for as long as that runs', async () => {
    const job = run(`
      import { isMainThread, Worker, workerData } from 'node:worker_threads';
      if (isMainThread) {
        const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
        process.stdin.once('data', async () => {
          await worker.terminate();
          console.log('gone');
        });
      } else {
        await acquire(workerData);
        console.log('here');
        setInterval(() => {}, 1000);
      }
    `);
    await job.prints(/here/);

    expect(await acquireElsewhere()).toBe('busy');
    job.write('end it\n');
    await job.prints(/gone/);
    expect(await acquireElsewhere()).toBe('done');
  });
});
