import {
  type BigIntStats,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';

// The contents of a folder, in so much detail that any change is visible.

/** By the path of each entry within the folder, `.` for the folder itself. */
export type Tree = Readonly<Record<string, string>>;

/**
 * Type, mode, owner, content or target of everything in a folder, and when it last changed. The time of a folder changes with its
 * entries, and the change time with everything else, so even a change that was undone is visible. The number of links may change.
 */
export function treeOf(folder: string): Tree {
  const tree: Record<string, string> = {};
  describeInto(tree, folder, folder);
  return tree;
}

function describeInto(tree: Record<string, string>, root: string, path: string): void {
  const status = lstatSync(path, { bigint: true });
  tree[relative(root, path) || '.'] = describe(path, status);
  if (!status.isDirectory()) return;
  for (const name of readdirSync(path).toSorted()) describeInto(tree, root, join(path, name));
}

function describe(path: string, status: BigIntStats): string {
  const { mode, uid, gid, ino, size, mtimeNs, ctimeNs } = status;
  return [mode.toString(8), uid, gid, ino, size, mtimeNs, ctimeNs, contentOf(path, status)].join(' ');
}

function contentOf(path: string, status: BigIntStats): string {
  if (status.isSymbolicLink()) return readlinkSync(path);
  return status.isFile() ? readFileSync(path, 'base64') : '';
}

/** If the entries of a folder change legitimately, so does its time. */
export function withoutTimeOf(name: string, tree: Tree): Tree {
  const { [name]: _, ...others } = tree;
  return others;
}

/** A folder that belongs to root, with contents that must not be read, changed or removed. */
export function folderOfRoot(at: string): string {
  mkdirSync(at);
  writeFileSync(join(at, 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n', { mode: 0o600 });
  writeFileSync(join(at, 'daemon.pid'), '2147483647\n');
  writeFileSync(join(at, 'job.lock'), 'a file of that name, too\n');
  mkdirSync(join(at, 'empty'));
  return at;
}
