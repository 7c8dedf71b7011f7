import { attempt } from '../../system/attempt.js';
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
  ...typesOf('one kernel', {
    ext4: 0xef53,
    xfs: 0x58465342,
    btrfs: 0x9123683e,
    tmpfs: 0x01021994,
    overlayfs: 0x794c7630,
    zfs: 0x2fc12fc1,
    f2fs: 0xf2f52010,
  }),
  ...typesOf('many', {
    nfs: 0x6969,
    smb: 0x517b,
    smb2: 0xfe534d42,
    cifs: 0xff534d42,
    '9p': 0x01021997,
    afs: 0x5346414f,
    ceph: 0x00c36400,
    gfs2: 0x01161970,
    ocfs2: 0x7461636f,
    lustre: 0x0bd00bd0,
    gpfs: 0x47504653,
  }),
  ...typesOf('unknown', {
    ramfs: 0x858458f6,
    bcachefs: 0xca451a4e,
    ecryptfs: 0xf15f,
    fat: 0x4d44,
    exfat: 0x2011bab0,
    ntfs: 0x7366746e,
    fuse: 0x65735546,
  }),
]);

/** The type of the file system that holds a folder. */
export function typeOf(fileSystem: FileSystem, folder: string): FileSystemType {
  return TYPES.get(magicNumber(fileSystem, folder)) ?? { name: null, writers: 'unknown' };
}

/** Whether only this machine can write there. `false` if unknown. */
export function isLocal(fileSystem: FileSystem, path: string): boolean {
  return typeOf(fileSystem, path).writers === 'one kernel';
}

function typesOf(
  writers: FileSystemType['writers'],
  magicNumbers: Readonly<Record<string, number>>,
): [number, FileSystemType][] {
  return Object.entries(magicNumbers).map(([name, number]) => [number, { name, writers }]);
}

/** As an unsigned number: on 32-bit machines the kernel's is signed. 0, which is not a type, if unknown. */
function magicNumber(fileSystem: FileSystem, path: string): number {
  if (process.platform !== 'linux') return 0;
  return attempt(() => fileSystem.statfsSync(path).type >>> 0, 0);
}
