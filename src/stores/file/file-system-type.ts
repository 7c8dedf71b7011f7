import type { FileSystem } from './file-system.js';

/** What is known about a file system from its type. */
interface FileSystemType {
  /** `null` if unknown. */
  readonly name: string | null;
  /** Whether only one kernel at a time writes to it, or other machines may. */
  readonly writers: 'one kernel' | 'many' | 'unknown';
}

/** By magic numbers of statfs(2), from the kernel's `include/uapi/linux/magic.h` and the sources of the file systems themselves. */
const TYPES: ReadonlyMap<number, FileSystemType> = new Map([
  [0xef53, { name: 'ext4', writers: 'one kernel' }],
  [0x58465342, { name: 'xfs', writers: 'one kernel' }],
  [0x9123683e, { name: 'btrfs', writers: 'one kernel' }],
  [0x01021994, { name: 'tmpfs', writers: 'one kernel' }],
  [0x794c7630, { name: 'overlayfs', writers: 'one kernel' }],
  [0x2fc12fc1, { name: 'zfs', writers: 'one kernel' }],
  [0xf2f52010, { name: 'f2fs', writers: 'one kernel' }],
  [0x6969, { name: 'nfs', writers: 'many' }],
  [0x517b, { name: 'smb', writers: 'many' }],
  [0xfe534d42, { name: 'smb2', writers: 'many' }],
  [0xff534d42, { name: 'cifs', writers: 'many' }],
  [0x01021997, { name: '9p', writers: 'many' }],
  [0x5346414f, { name: 'afs', writers: 'many' }],
  [0x00c36400, { name: 'ceph', writers: 'many' }],
  [0x01161970, { name: 'gfs2', writers: 'many' }],
  [0x7461636f, { name: 'ocfs2', writers: 'many' }],
  [0x0bd00bd0, { name: 'lustre', writers: 'many' }],
  [0x47504653, { name: 'gpfs', writers: 'many' }],
  [0x858458f6, { name: 'ramfs', writers: 'unknown' }],
  [0xca451a4e, { name: 'bcachefs', writers: 'unknown' }],
  [0xf15f, { name: 'ecryptfs', writers: 'unknown' }],
  [0x4d44, { name: 'fat', writers: 'unknown' }],
  [0x2011bab0, { name: 'exfat', writers: 'unknown' }],
  [0x7366746e, { name: 'ntfs', writers: 'unknown' }],
  [0x65735546, { name: 'fuse', writers: 'unknown' }],
]);

/** The type of the file system that holds a folder. */
export function typeOf(fileSystem: FileSystem, folder: string): FileSystemType {
  return TYPES.get(magicNumber(fileSystem, folder)) ?? { name: null, writers: 'unknown' };
}

/** Whether only this machine can write there. `false` if unknown. */
export function isLocal(fileSystem: FileSystem, path: string): boolean {
  return typeOf(fileSystem, path).writers === 'one kernel';
}

/** As an unsigned number: on 32-bit machines the kernel's is signed. 0, which is not a type, if unknown. */
function magicNumber(fileSystem: FileSystem, path: string): number {
  if (process.platform !== 'linux') return 0;
  try {
    return fileSystem.statfsSync(path).type >>> 0;
  } catch {
    return 0;
  }
}
