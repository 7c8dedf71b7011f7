import fs from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import { systemError } from '../../system/system-code.js';
import { insistentFileSystem } from './insistent-file-system.js';

/**
 * The calls that the file store makes, all synchronous. Inject another file system to observe the calls, or to let one of
 * them fail. They behave as Node's functions of the same name do.
 */
export interface FileSystem {
  openSync(path: string, flags: string | number, mode?: number): number;
  fstatSync(descriptor: number): FileStatus;
  readSync(descriptor: number, buffer: Uint8Array): number;
  writeSync(descriptor: number, buffer: Uint8Array): number;
  closeSync(descriptor: number): void;
  /** `undefined` if there is nothing. */
  lstatSync(path: string): FileStatus | undefined;
  linkSync(existing: string, path: string): void;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  mkdirSync(path: string, mode?: number): void;
  rmdirSync(path: string): void;
  readdirSync(path: string): string[];
  /** The type of the file system that holds the path, as a magic number (statfs(2)). */
  statfsSync(path: string): { readonly type: number };
  /** Opens a real folder. Fails with ENOTDIR for anything else, including a symbolic link to a folder unless links are followed. */
  openFolderSync(path: string, followLinks?: boolean): OpenFolder;
  /** Replaces a file atomically, whatever happens half-way. Without a mode it keeps the old file's mode. */
  writeFileAtomicSync(path: string, data: string, mode?: number): void;
}

/** A folder that stays the same, whatever is put at its path in the meantime. */
export interface OpenFolder {
  /** A path that leads to exactly this folder, as long as it is open. `null`: the system has no such path. */
  readonly path: string | null;
  readonly status: FileStatus;
  close(): void;
}

/** A path inside an open folder: if the system supports that, in exactly this folder, whatever is at its path by now. */
export function within(folder: OpenFolder | null, otherwise: string, name: string): string {
  return `${folder?.path ?? otherwise}/${name}`;
}

/** The part of a file's status that is used. */
export interface FileStatus {
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly size: number;
  readonly nlink: number;
  /** Permissions and type, as in stat(2). */
  readonly mode: number;
  /** The ID of the user it belongs to. */
  readonly uid: number;
  /** The ID of the device that contains it. Default: 0. */
  readonly dev?: number;
  /** The number of its inode. Default: 0. */
  readonly ino?: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
}

/** The bits of a mode that let the group and everybody write. */
export const OTHERS_MAY_WRITE = 0o022;

const nodeFileSystem: FileSystem = {
  openSync: fs.openSync,
  fstatSync: (descriptor) => fs.fstatSync(descriptor),
  readSync: (descriptor, buffer) => fs.readSync(descriptor, buffer),
  writeSync: (descriptor, buffer) => fs.writeSync(descriptor, buffer),
  closeSync: fs.closeSync,
  lstatSync: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  linkSync: fs.linkSync,
  renameSync: fs.renameSync,
  unlinkSync: fs.unlinkSync,
  mkdirSync: (path, mode) => void fs.mkdirSync(path, mode),
  rmdirSync: (path) => fs.rmdirSync(path),
  readdirSync: (path) => fs.readdirSync(path),
  statfsSync: (path) => fs.statfsSync(path),
  openFolderSync: (path, followLinks = false) =>
    process.platform === 'linux' ? openFolder(path, followLinks) : lookAtFolder(path, followLinks),
  // Not flushed to disk: after a power cut it is another boot, so the content is void anyway.
  writeFileAtomicSync: (path, data, mode) =>
    writeFileAtomic.sync(path, data, {
      fsync: false,
      ...(mode !== undefined && { mode, ...(fs.existsSync(path) && { chown: UNCHANGED }) }),
    }),
};

/** The file system of the machine. */
export const systemFileSystem: FileSystem =
  process.platform === 'win32' ? insistentFileSystem(nodeFileSystem) : nodeFileSystem;

/**
 * For chown(2): leave the owner as it is. By default `write-file-atomic` keeps the owner of the file it replaces. Not passed for a new file: a service
 * whose system calls are filtered may not be allowed to call it at all.
 */
const UNCHANGED = { uid: -1, gid: -1 };

/** Where a process can reach its open files by descriptor (proc_pid_fd(5)); a chroot may lack it. */
const DESCRIPTORS = '/proc/self/fd';
let hasDescriptors: boolean | undefined;

function openFolder(path: string, followLinks: boolean): OpenFolder {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  hasDescriptors ??= fs.existsSync(DESCRIPTORS);
  const descriptor = fs.openSync(path, O_RDONLY | O_DIRECTORY | (followLinks ? 0 : O_NOFOLLOW));
  return {
    path: hasDescriptors ? `${DESCRIPTORS}/${descriptor}` : null,
    status: fs.fstatSync(descriptor),
    close: () => fs.closeSync(descriptor),
  };
}

/** On other systems no path leads to an open folder. */
function lookAtFolder(path: string, followLinks: boolean): OpenFolder {
  const status = followLinks ? fs.statSync(path) : fs.lstatSync(path);
  if (status.isDirectory()) return { path: null, status, close() {} };
  throw systemError('ENOTDIR', 'open', path, `not a directory, open '${path}'`);
}
