import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check, commandLinesIn } from '../support/docs/command-lines.js';
import { anchorsOf, type Block, linksOf, type Page, PROJECT, pages } from '../support/docs/pages.js';
import { makeSandbox, normalized, prepare, type Sandbox, typed } from '../support/docs/sandbox.js';
import { isPosix } from '../support/machine.js';
import { CRON_PATH, findForCron } from '../support/running.js';
import { Desk } from './support/desk.js';

// Everything that the documentation shows is tried: programs are typechecked or run, command lines are read, outputs compared, links followed.
// CONTRIBUTING.md says how to write a block.

/** Languages of whole scripts, by the program that runs them. */
const SCRIPTS: Readonly<Record<string, string>> = { sh: 'sh', python: 'python3', php: 'php', ruby: 'ruby' };

/** A file or folder in a code span, if it is clear where it is. */
const OWN_FILE =
  /`((?:bench|ecosystem|examples|explorer|integration|scripts|src|support|test|torture)\/[^`\s*{}]*)`/g;

describe.each(pages)('$path', (page) => {
  test('has no dead link', () => {
    const dead = linksOf(page).filter(({ target }) => !isThere(target, page));
    expect(dead).toEqual([]);
  });

  test('names no file of the project that is gone', () => {
    const named = [...page.text.matchAll(OWN_FILE)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([]);
  });

  test('quotes files as they are', () => {
    const quotes = page.blocks.filter(({ notes }) => notes.has('from'));
    const wrong = quotes.filter(({ notes, code }) => {
      const source = readFileSync(join(PROJECT, notes.get('from') ?? ''), 'utf8');
      return !unindented(source).includes(unindented(code));
    });
    expect(wrong).toEqual([]);
  });

  test('shows command lines that livinglock understands', async () => {
    const wrong: string[] = [];
    for (const block of page.blocks.filter(({ language }) => language !== 'text')) {
      for (const words of commandLinesIn(block)) {
        await check(words).catch((error: unknown) => {
          wrong.push(`line ${block.line}: livinglock ${words.join(' ')}: ${error}`);
        });
      }
    }
    expect(wrong).toEqual([]);
  });

  const shell = page.blocks.filter(({ language }) => language === 'sh');
  if (shell.length > 0)
    test.skipIf(!isPosix)('shows shell lines without a syntax error', () => {
      const wrong = shell.flatMap(({ line, code }) => {
        const { stderr } = spawnSync('sh', ['-n'], { input: code, encoding: 'utf8' });
        return stderr === '' ? [] : [`line ${line}: ${stderr}`];
      });
      expect(wrong).toEqual([]);
    });

  const shown = page.blocks.filter(
    (block) => block.language === 'console' || (isRun(block, 'sh') && !sendsHeartbeats(block)),
  );
  if (shown.length > 0)
    test.skipIf(!isPosix)('shows what the commands print', async () => {
      const desk = new Desk();
      const sandbox = makeSandbox(join(desk.folder, 'bin'));
      for (const block of shown) await expectToPrint(block, sandbox);
    });

  for (const [language, interpreter] of Object.entries(SCRIPTS)) {
    const jobs = page.blocks.filter((block) => isRun(block, language) && sendsHeartbeats(block));
    const program = isPosix ? findForCron(interpreter) : null;
    for (const { line: at, code, notes } of jobs) {
      const run = (line: string) => {
        const desk = new Desk();
        const file = join(desk.folder, 'script');
        const script = `${notes.get('run') ?? ''}\n${code}`;
        writeFileSync(file, language === 'php' ? `<?php\n${script.replaceAll('<?php', '')}` : script);
        return desk.run(
          [
            ...['run', '--heartbeat', 'manual', '--heartbeat-interval', '1ms', 'job'],
            ...['--', 'sh', '-c', line, 'sh', program ?? '', file],
          ],
          { PATH: CRON_PATH },
        );
      };

      test.skipIf(program === null)(`line ${at}: the job in ${language} sends heartbeats`, async () => {
        const { code: status, stdout, stderr } = await run('"$@" > /dev/null && cat "$LIVINGLOCK_PATH"');
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(JSON.parse(stdout)).toHaveProperty('progress');
      });

      test.skipIf(program === null)(
        `line ${at}: the job in ${language} stops when the lock is lost`,
        async () => {
          const { code: status, stderr } = await run('LIVINGLOCK_TOKEN=of-another "$@"');
          expect(status).toBe(76);
          expect(stderr.match(/was lost/g)).toHaveLength(1);
        },
      );
    }
  }
});

describe('programs in the documentation', () => {
  /** Inside the project, where its packages are found. */
  const folder = join(PROJECT, 'build', 'docs-programs');

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('have no type error', () => {
    const sources = new Map<string, string>();
    for (const { path, blocks } of pages) {
      for (const { line, language, code, notes } of blocks) {
        if (language !== 'ts' || notes.has('from')) continue;
        const name = `${path.replaceAll(/[^\w]+/g, '-')}-${line}.ts`;
        sources.set(name, `${path}, line ${line}`);
        writeFileSync(join(folder, name), `${notes.get('given') ?? ''}\n${code}\nexport {};\n`);
      }
    }
    const options = {
      noEmit: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noPropertyAccessFromIndexSignature: false,
    };
    const include = ['*.ts', '../../support/docs/node-sqlite.d.ts'];
    const config = { extends: '../../tsconfig.json', compilerOptions: options, include };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(PROJECT, 'node_modules', '.bin', 'tsc');
    const { status, stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
      cwd: folder,
      shell: !isPosix,
    });
    const errors = stdout
      .split('\n')
      .filter((line) => line.includes('error'))
      .map((line) => line.replace(/^[\w.-]+\.ts/, (name) => sources.get(name) ?? name));
    expect({ status, errors }).toEqual({ status: 0, errors: [] });
  }, 120_000);
});

function unindented(code: string): string {
  return code.replaceAll(/^ +/gm, '');
}

function isRun(block: Block, language: string): boolean {
  return block.language === language && block.notes.has('run');
}

/** Such a script only works under a lock. */
function sendsHeartbeats({ code }: Block): boolean {
  return /LIVINGLOCK\b.*beat/.test(code);
}

async function expectToPrint({ line, language, code, notes }: Block, sandbox: Sandbox): Promise<void> {
  const setup = notes.get('setup');
  if (setup !== undefined) await prepare(setup, sandbox);
  if (language === 'sh') return prepare(code, sandbox);
  const commands = [...code.matchAll(/^\$ (.*(?:\\\n.*)*)$/gm)].map(([, command = '']) => command);
  const printed = normalized(typed(commands, sandbox), sandbox);
  const lines = normalized(code, sandbox).split('\n');
  const pattern = lines.map((each) => (each.trim() === '…' ? '(?:.*\n)*?' : `${escaped(each)}\n`)).join('');
  expect(`line ${line}\n${printed}\n`).toMatch(new RegExp(`^line ${line}\n${pattern}$`));
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function isThere(target: string, page: Page): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page.path : relative(PROJECT, join(PROJECT, dirname(page.path), path));
  if (!existsSync(join(PROJECT, file))) return false;
  if (anchor === undefined) return true;
  const other = pages.find((each) => each.path === file);
  return other === undefined || anchorsOf(other).has(decodeURIComponent(anchor));
}
