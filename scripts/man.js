// npm run man: writes the manual page man/livinglock.1 from the same definitions as --help. With --check it writes nothing,
// and fails if the page is not up to date.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const SOURCES = join(import.meta.dirname, '..', 'src', 'cli');
/** As deep as `src/cli`, so that the version in package.json is found from here. */
const BUILD = join(import.meta.dirname, '..', 'build', 'man');
const PAGE = join(import.meta.dirname, '..', 'man', 'livinglock.1');

const LOCKS = `A lock with a slash in its name is a path. One without is a name in a folder of this user on this machine: LIVINGLOCK_DIR if
it is set, else /run/livinglock for root, and .local/state/livinglock/MACHINE in the home folder for others, on macOS Library/Application
Support/livinglock/MACHINE there, on Windows %LOCALAPPDATA%\\livinglock. Users without a home folder to write to have livinglock-UID in
/run/lock, /var/tmp or /tmp, the first of these that is open to all users. The home folder is that of the user database, and MACHINE is derived from
machine-id(5), so that cron, systemd and a terminal use the same folder.`;

const ENVIRONMENT = [
  [
    'LIVINGLOCK',
    'set by `livinglock run` for its command: the path of a program that does the same as livinglock, even if PATH does not include it',
  ],
  ['LIVINGLOCK_DIR', 'the folder of named locks'],
  [
    'LIVINGLOCK_PATH, LIVINGLOCK_TOKEN, LIVINGLOCK_FENCING_TOKEN',
    'what `livinglock run` tells its command about the lock',
  ],
  ['NO_COLOR', 'if set, no colours, not even on a terminal'],
];

const {
  COMMANDS,
  describeOperand,
  describeOption,
  exitCodes,
  loaded,
  programOf,
  usageOf,
  version,
  optionsByHeading,
} = await loadDefinitions();
const commands = await loaded(COMMANDS);
const page = manual(programOf(COMMANDS).description);
if (!process.argv.includes('--check')) {
  mkdirSync(dirname(PAGE), { recursive: true });
  writeFileSync(PAGE, page);
} else if (page !== readFileSync(PAGE, 'utf8')) {
  console.error('man/livinglock.1 is not up to date: npm run man.');
  process.exitCode = 1;
}

/** The package has no file that exports them. */
async function loadDefinitions() {
  const names = ['commands', 'errors/exit-code-meanings', 'grammar/help-text', 'program'];
  const bundle = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, join(SOURCES, `${name}.ts`)])),
    platform: 'node',
    external: /^[^./]/,
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await bundle.write({ dir: BUILD, entryFileNames: '[name].js' });
  const modules = names.map((name) => import(pathToFileURL(join(BUILD, `${name}.js`)).href));
  return Object.assign({}, ...(await Promise.all(modules)));
}

function manual(description) {
  return `${[
    '.\\" Made by scripts/man.js. Do not edit.',
    `.TH LIVINGLOCK 1 "" "livinglock ${version()}" "User Commands"`,
    '.SH NAME',
    'livinglock \\- run batch jobs under a living lock',
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => [...synopsis(command), '.br']).slice(0, -1),
    '.SH DESCRIPTION',
    text(description),
    '.PP',
    text(LOCKS),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...exitCodes().flatMap(([code, meaning]) => definition(code, meaning)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => definition(name, meaning)),
    '.SH SEE ALSO',
    '.BR flock (1),',
    '.BR timeout (1),',
    '.BR crontab (5),',
    '.BR systemd.timer (5)',
  ].join('\n')}\n`;
}

function section(command) {
  return [
    `.SS ${literal(command.name)}`,
    ...synopsis(command),
    '.PP',
    text(command.description),
    ...Object.values(command.operands).flatMap((operand) => definition(...describeOperand(operand))),
    ...optionsByHeading(command).flatMap(([heading, options], index) => [
      ...(index === 0 ? [] : ['.PP', `.I ${literal(heading)}`]),
      ...options.flatMap((option) => definition(...describeOption(option))),
    ]),
    ...paragraphs(command.notes),
  ];
}

function synopsis(command) {
  const name = `livinglock ${command.name}`;
  const lines = usageOf(command).split('\n');
  return lines.flatMap((line, index) => [
    ...(index === 0 ? [] : ['.br']),
    `.B ${literal(name)}`,
    literal(line.trim().replace(`${name} `, '')),
  ]);
}

function definition(term, meaning) {
  return ['.TP', `.B ${literal(term)}`, text(meaning)];
}

/** Indented lines are examples, and stay as they are; the others are running text. */
function paragraphs(plain) {
  return plain
    .split(/\n\n|(?<=^ .*)\n(?=\S)|(?<=^\S.*)\n(?= )/m)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => (part.startsWith(' ') ? examples(part) : ['.PP', text(part)]));
}

function examples(plain) {
  return ['.RS 4', '.EX', ...plain.split('\n').map((line) => literal(line.slice(2))), '.EE', '.RE'];
}

/** Running text; text in backticks is meant to be typed literally. */
function text(plain) {
  const parts = plain.replaceAll(/\s+/g, ' ').trim().split('`');
  const isTyped = (index) => index % 2 === 1;
  return parts
    .map((part, index) => (isTyped(index) ? `\\fB${literal(part)}\\fR` : withOptions(part)))
    .join('')
    .replace(/^(?=[.'])/, '\\&');
}

/** Text to be typed: its hyphens and quotes can be copied, and nothing in it is a roff request. */
function literal(plain) {
  return escaped(plain)
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll("'", '\\(aq')
    .replace(/^(?=\.)/, '\\&');
}

/** Running text may name options, whose hyphens are typed literally. */
function withOptions(plain) {
  return escaped(plain).replaceAll(/(?<![\w-])--?(?=\w)/g, (dashes) => '\\-'.repeat(dashes.length));
}

/** Not every roff reads UTF-8. */
function escaped(plain) {
  const unicode = (character) =>
    `\\[u${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`;
  return plain.replaceAll('\\', '\\e').replaceAll(/[^\n -~]/gu, unicode);
}
