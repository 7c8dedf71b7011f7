import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Violation } from './violation.js';

/** The text of a user's file, at the path of a lock or beside it. */
const TEXT = 'name,amount\nshop,12\n';
/** A dead owner of a guard, whose name would be swept anywhere else. */
const DEAD_OWNER =
  '00009999-0000-4000-8000-000000000001,9999,0,9999,the%20only%20boot,pid%3A%5B4026531836%5D,explorer';
/** Named like the sign of life of a holder. */
const SIGNS = [4, 5, 6].map((number) => `job.lock.life.00009999000${number}40008000.0.0`);
const ENTRANCES = [
  'job.lock.guard.00009999-0000-4000-8000-000000000002',
  'job.lock.guard.00009999-0000-4000-8000-000000000003',
];

/** What a user may have beside a lock, under names that look like the library's. */
const NAMES: ReadonlySet<string> = new Set([
  'job.lock.1',
  'job.lock.20261125',
  'job.lock.tmp',
  'job.lock.guard.bak',
  'job.lock.life',
  ...SIGNS,
  ...ENTRANCES,
  'other',
  'private',
]);

export function plantStrangers(folder: string): void {
  const [link = '', foreign = ''] = ENTRANCES;
  const [note = '', box = '', shortcut = ''] = SIGNS;
  for (const name of ['other', 'private', foreign, box]) mkdirSync(join(folder, name));
  for (const name of ['private/shadow', `${foreign}/notes.txt`, 'job.lock.20261125', note])
    writeFileSync(join(folder, name), TEXT);
  for (const name of [
    'job.lock.1',
    'job.lock.guard.bak',
    'job.lock.life',
    `other/${DEAD_OWNER}`,
    `${foreign}/${DEAD_OWNER}`,
  ])
    writeFileSync(join(folder, name), '');
  for (const name of ['job.lock.tmp', shortcut]) symlinkSync('private/shadow', join(folder, name));
  symlinkSync('other', join(folder, link));
}

/** A user's file at a path that was given as the lock. */
export function plantForeignFile(path: string): void {
  writeFileSync(path, TEXT);
}

export function isForeign(text: string | null): boolean {
  return text === TEXT;
}

export function isStranger(name: string): boolean {
  return NAMES.has(name);
}

/** All files of strangers there, with their content. */
export function strangersIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (!isStranger(name.split('/')[0] ?? '')) return '';
      if (entry.isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`;
      return entry.isDirectory() ? `${name}/` : `${name}: ${readFileSync(path, 'utf8')}`;
    })
    .filter((line) => line !== '')
    .sort()
    .join('\n');
}

/** @param before The result of {@link strangersIn} at the beginning. */
export function judgeStrangers(folder: string, before: string): void {
  const after = strangersIn(folder);
  if (after !== before) {
    throw new Violation(
      'not ours',
      `what others have there is not what it was:\n${after}\ninstead of\n${before}`,
    );
  }
}
