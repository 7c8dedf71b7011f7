import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFatImage } from '../../support/fat-image.js';
import { canMount, temporaryFolder } from '../../support/machine.js';
import { Running } from '../../support/running.js';

/** Whether this kernel can mount a FAT file system from a file. */
export const canMountFat = canMount && existsSync('/dev/loop-control') && hasFat();

const MOUNT = 'mount -t vfat -o loop "$1" "$2" && echo ready && exec sleep infinity';

/** A disk with a FAT file system, mounted for the processes of a test alone. It is gone with the test. */
export class FatDisk {
  readonly #mount: string;
  readonly #keeper: Running;

  static async insert(): Promise<FatDisk> {
    const folder = temporaryFolder();
    const image = join(folder, 'image');
    const mount = join(folder, 'mount');
    makeFatImage(image);
    mkdirSync(mount);
    const keeper = new Running('unshare', ['--mount', 'sh', '-c', MOUNT, 'sh', image, mount], {
      env: { PATH: process.env['PATH'] },
    });
    await keeper.prints(/ready/);
    return new FatDisk(mount, keeper);
  }

  private constructor(mount: string, keeper: Running) {
    this.#mount = mount;
    this.#keeper = keeper;
  }

  /** The program with which a process starts that sees the disk, and its arguments. */
  get within(): readonly string[] {
    return ['nsenter', `--mount=/proc/${this.#keeper.pid}/ns/mnt`];
  }

  /** A path on the disk, as a process that sees it knows it. */
  path(name = ''): string {
    return join(this.#mount, name);
  }

  /** What is on it. */
  names(): string[] {
    return readdirSync(`/proc/${this.#keeper.pid}/root${this.#mount}`);
  }
}

/** It may be a module that mount(8) loads. */
function hasFat(): boolean {
  return (
    readFileSync('/proc/filesystems', 'utf8').includes('\tvfat\n') ||
    spawnSync('modprobe', ['--dry-run', '--quiet', 'vfat']).status === 0
  );
}
