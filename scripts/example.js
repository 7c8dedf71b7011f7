// npm run example -- NAME [ARGUMENTS]: builds the programs, then runs the example of that name. Without a name it lists them.

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
const examples = readdirSync(join(project, 'examples'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

const [name, ...args] = process.argv.slice(2);
if (examples.includes(name)) {
  build();
  run(join(project, 'build', 'examples', `${name}.js`));
} else {
  list();
}

function build() {
  // Through a shell, because on Windows npm is a batch file.
  const { status } = spawnSync('npm run --silent build:programs', {
    cwd: project,
    stdio: 'inherit',
    shell: true,
  });
  if (status !== 0) process.exit(status ?? 1);
}

function run(program) {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    // Ends as the example did, so that the caller sees the same status.
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}

function list() {
  const isWrong = name !== undefined;
  const width = Math.max(...examples.map(({ length }) => length)) + 2;
  const lines = [
    ...(isWrong ? [`There is no example ${name}.`, ''] : []),
    'Usage: npm run example -- NAME [ARGUMENTS]',
    '',
    ...examples.map((example) => `  ${example.padEnd(width)}${summary(example)}`),
  ];
  (isWrong ? console.error : console.log)(lines.join('\n'));
  process.exitCode = isWrong ? 64 : 0;
}

/** Each example begins with a sentence that says what it is. */
function summary(example) {
  const text = readFileSync(join(project, 'examples', `${example}.ts`), 'utf8');
  return /^\/\/ ([\s\S]*?)[.:]\s/.exec(text)?.[1].replaceAll('\n// ', ' ') ?? '';
}
