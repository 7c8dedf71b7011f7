import fs from 'node:fs';
import { type FileStatus, type FileSystem, systemFileSystem } from 'livinglock/file';
import type { World } from '../world.js';
import type { Gate } from './gate.js';

/** The machine's file system, stopping before every call. Its files carry the times of the fake clock. */
export function steppedFileSystem(gate: Gate, world: World): FileSystem {
  const real = systemFileSystem;
  const paths = new Map<number, string>();
  const pathOf = (descriptor: number) => paths.get(descriptor) ?? '';
  const stamp = (file: string | number) => {
    const seconds = world.wallClock / 1000;
    if (typeof file === 'string') fs.utimesSync(file, seconds, seconds);
    else fs.futimesSync(file, seconds, seconds);
  };

  return {
    openSync: (path, flags, mode) =>
      gate.step('open', flags === 'wx' ? `${path} (new)` : path, () => {
        const descriptor = real.openSync(path, flags, mode);
        if (flags === 'wx') stamp(descriptor);
        paths.set(descriptor, path);
        return descriptor;
      }),
    fstatSync: (descriptor) =>
      gate.step('fstat', pathOf(descriptor), () => byMadeUpClock(real.fstatSync(descriptor))),
    readSync: (descriptor, buffer) =>
      gate.step('read', pathOf(descriptor), () => real.readSync(descriptor, buffer)),
    writeSync: (descriptor, buffer) =>
      gate.step('write', pathOf(descriptor), () => {
        const written = real.writeSync(descriptor, buffer);
        stamp(descriptor);
        return written;
      }),
    closeSync: (descriptor) => {
      try {
        gate.step('close', pathOf(descriptor), () => {});
      } finally {
        // The kernel closes what a dead process had open.
        real.closeSync(descriptor);
        paths.delete(descriptor);
      }
    },
    lstatSync: (path) =>
      gate.step('lstat', path, () => {
        const status = real.lstatSync(path);
        return status === undefined ? undefined : byMadeUpClock(status);
      }),
    linkSync: (existing, path) =>
      gate.step('link', `${existing} -> ${path}`, () => real.linkSync(existing, path)),
    renameSync: (from, to) => gate.step('rename', `${from} -> ${to}`, () => real.renameSync(from, to)),
    unlinkSync: (path) => gate.step('unlink', path, () => real.unlinkSync(path)),
    mkdirSync: (path, mode) =>
      gate.step('mkdir', path, () => {
        real.mkdirSync(path, mode);
        stamp(path);
      }),
    rmdirSync: (path) => gate.step('rmdir', path, () => real.rmdirSync(path)),
    readdirSync: (path) => gate.step('readdir', path, () => real.readdirSync(path)),
    statfsSync: (path) => gate.step('statfs', path, () => real.statfsSync(path)),
    // From then on by its own path, which says more in a table, and is what a breakage looks at.
    openFolderSync: (path) =>
      gate.step('open', `${path} (folder)`, () => {
        const folder = real.openFolderSync(path);
        folder.close();
        return { path: null, status: byMadeUpClock(folder.status), close() {} };
      }),
    writeFileAtomicSync: (path, data, mode) =>
      steppedAtomicWrite(gate, stamp, () => real.writeFileAtomicSync(path, data, mode)),
  };
}

/** Nobody can set the time of a file's last status change, so it is reported as that of its content. */
function byMadeUpClock(status: FileStatus): FileStatus {
  return {
    mtimeMs: status.mtimeMs,
    ctimeMs: status.mtimeMs,
    size: status.size,
    nlink: status.nlink,
    mode: status.mode,
    uid: status.uid,
    isFile: () => status.isFile(),
    isDirectory: () => status.isDirectory(),
    isSymbolicLink: () => status.isSymbolicLink(),
    isFIFO: () => status.isFIFO(),
  };
}

/**
 * For the file store an atomic write is one call, but a process can be stopped and killed inside it. So those calls of
 * `write-file-atomic` that others can see are steps of their own.
 */
function steppedAtomicWrite(gate: Gate, stamp: (descriptor: number) => void, write: () => void): void {
  const { openSync, writeSync, renameSync, unlinkSync } = fs;
  Object.assign(fs, {
    openSync: (path: string, flags: string, mode?: number) =>
      gate.step('open', `${path} (new)`, () => openSync(path, flags, mode)),
    writeSync: (descriptor: number, text: string) =>
      gate.step('write', 'the replacement', () => {
        const written = writeSync(descriptor, text);
        stamp(descriptor);
        return written;
      }),
    renameSync: (from: string, to: string) =>
      gate.step('replace', `${from} -> ${to}`, () => renameSync(from, to)),
    unlinkSync: (path: string) => gate.step('unlink', path, () => unlinkSync(path)),
  });
  try {
    write();
  } finally {
    Object.assign(fs, { openSync, writeSync, renameSync, unlinkSync });
  }
}
