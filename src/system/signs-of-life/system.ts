import { systemProcesses } from '../processes/system.js';
import { FlockLife } from './flock.js';
import { LinuxLife } from './linux.js';
import type { Life } from './sign-of-life.js';
import { WindowsLife } from './windows.js';

let life: Life | null | undefined;

/** The signs of life of the running system. `null` if it has none. */
export function systemLife(): Life | null {
  life ??= lifeOf(process.platform);
  return life;
}

/** The signs of life of a platform. */
export function lifeOf(platform: NodeJS.Platform): Life | null {
  switch (platform) {
    case 'linux':
      return new LinuxLife(() => systemProcesses().self());
    case 'darwin':
    case 'freebsd':
    case 'openbsd':
    case 'netbsd':
      return new FlockLife();
    case 'win32':
      return new WindowsLife();
    default:
      return null;
  }
}
