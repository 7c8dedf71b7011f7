import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Input } from './input.js';

/** How many files are hashed again, at most. That the manifest lists each file is checked for all of them. */
const SAMPLE = 500;

export interface Verification {
  readonly listed: number;
  readonly compared: number;
  /** Files that the manifest lacks, that it should not list, or whose hash differs. */
  readonly wrong: readonly string[];
  /** How many files other programs have changed since the demo started. These are not checked. */
  readonly changed: number;
}

/** Compares a manifest with the files, without the job's own code. */
export function verifyManifest(manifest: string, { folder, files }: Input, startedAt: number): Verification {
  const hashes = readManifest(manifest);
  const expected = new Set(files);
  const sample = files.filter((_, n) => n % Math.ceil(files.length / SAMPLE) === 0);
  const suspects = [
    ...files.filter((path) => !hashes.has(path)),
    ...[...hashes.keys()].filter((path) => !expected.has(path)),
    ...sample.filter((path) => hashes.has(path) && hashes.get(path) !== sha256(join(folder, path))),
  ];
  const isUnchanged = (path: string) => lastChange(join(folder, path)) < startedAt;
  return {
    listed: hashes.size,
    compared: sample.length,
    wrong: suspects.filter(isUnchanged),
    changed: files.filter((path) => !isUnchanged(path)).length,
  };
}

/** Every file below a folder with the hash of its content, one per line, for a comparison. */
export function snapshot(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${relative(folder, path)} ${sha256(path)}`)
    .sort()
    .join('\n');
}

function readManifest(manifest: string): Map<string, string> {
  const lines = readFileSync(manifest, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => [nameIn(line), line.replace(/^\\/, '').slice(0, 64)]));
}

/** A backslash at the start of a line means that the name is escaped; see sha256sum(1). */
function nameIn(line: string): string {
  if (!line.startsWith('\\')) return line.slice(66);
  return line.slice(67).replace(/\\([\\n])/g, (_, escaped) => (escaped === 'n' ? '\n' : '\\'));
}

function sha256(path: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return null;
  }
}

/** A file that no longer exists counts as changed just now. */
function lastChange(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? Number.POSITIVE_INFINITY : Math.max(status.mtimeMs, status.ctimeMs);
}
