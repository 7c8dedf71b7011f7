import { readFileSync } from 'node:fs';

/** Where and how a file system is mounted. */
export interface Mount {
  /** Such as `ext4` or `tmpfs`. */
  readonly type: string;
  /** Such as `rw,relatime`. */
  readonly options: string;
}

/** The mount of a folder, given by its real path. Only Linux tells; elsewhere it is just some disk. */
export function mountOf(folder: string): Mount {
  const around = readMounts().filter(({ point }) => isWithin(folder, point));
  // A mount hides earlier mounts in the same folder.
  const [innermost] = around.reverse().sort((one, other) => other.point.length - one.point.length);
  return innermost ?? { type: 'disk', options: '' };
}

interface MountPoint extends Mount {
  readonly point: string;
}

/** proc_pid_mounts(5). */
function readMounts(): MountPoint[] {
  if (process.platform !== 'linux') return [];
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, point = '', type = '', options = '']) => ({ point, type, options }))
    .filter(({ point }) => point !== '');
}

function isWithin(folder: string, point: string): boolean {
  return folder === point || folder.startsWith(point.endsWith('/') ? point : `${point}/`);
}
