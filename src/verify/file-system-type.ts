import type { FileSystem } from '../stores/file/file-system.js';

/** What is known of a file system by its type. */
export interface FileSystemType {
  /** `null` where it is not known. */
  readonly name: string | null;
  /** Whether other machines are known to write there. */
  readonly isNetwork: boolean;
}

/** The type of the file system that holds a folder. */
export function describeType(fileSystem: FileSystem, folder: string): FileSystemType {
  const name = nameOf(fileSystem, folder);
  return { name, isNetwork: name !== null && NETWORK_TYPES.has(name) };
}

function nameOf(fileSystem: FileSystem, folder: string): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const { type } = fileSystem.statfsSync(folder);
    // As an unsigned number: on 32-bit machines the kernel's is signed.
    return NAMES.get(type >>> 0) ?? null;
  } catch {
    return null;
  }
}

/** Magic numbers of statfs(2), from the kernel's `include/uapi/linux/magic.h` and the file systems' own sources. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0x858458f6, 'ramfs'],
  [0xca451a4e, 'bcachefs'],
  [0xf15f, 'ecryptfs'],
  [0x4d44, 'fat'],
  [0x2011bab0, 'exfat'],
  [0x7366746e, 'ntfs'],
  [0x65735546, 'fuse'],
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xfe534d42, 'smb2'],
  [0xff534d42, 'cifs'],
  [0x01021997, '9p'],
  [0x5346414f, 'afs'],
  [0x00c36400, 'ceph'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
]);

const NETWORK_TYPES: ReadonlySet<string> = new Set([
  'nfs',
  'smb',
  'smb2',
  'cifs',
  '9p',
  'afs',
  'ceph',
  'gfs2',
  'ocfs2',
  'lustre',
  'gpfs',
]);
