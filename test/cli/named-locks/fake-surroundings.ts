import { dirname } from 'node:path';
import type { FolderStatus } from '../../../src/system/files/trusted-folder.js';
import type { UserEnvironment } from '../../../src/system/home/user-environment.js';

const TMPFS = 0x01021994;
const EXT4 = 0xef53;

/** A machine with folders of any user. Its kernel checks the permissions of owners and of others; there are no groups. */
export class FakeSurroundings implements UserEnvironment {
  platform: NodeJS.Platform = 'linux';
  readonly environment: Record<string, string> = { HOME: '/elsewhere', XDG_STATE_HOME: '/x', TMPDIR: '/y' };
  uid: number;
  homeInDatabase: string | null;
  hostName = 'db-1';
  ioreg: string | null = '    "IOPlatformUUID" = "564D7F9E-1111-2222-3333-A1B2C3D4E5F6"\n';
  readonly files = new Map<string, FolderStatus>();
  readonly contents = new Map<string, string>();
  readonly types = new Map<string, number>();
  /** What another user does right before a folder is made. */
  beforeMkdir = (_path: string): void => {};

  constructor(uid: number, home: string | null) {
    this.uid = uid;
    this.homeInDatabase = home;
    for (const path of ['/', '/run', '/var', '/home']) this.folder(path, 0, 0o755);
    for (const path of ['/run/lock', '/var/tmp', '/tmp']) this.folder(path, 0, 0o1777);
    this.contents.set('/etc/machine-id', 'b08dfa6083e7567a1921a715000001fb\n');
    if (home?.startsWith('/home/')) this.folder(home, uid, 0o700);
  }

  folder(path: string, uid: number, mode: number): void {
    this.files.set(path, { kind: 'folder', uid, mode });
  }

  link(path: string, uid: number): void {
    this.files.set(path, { kind: 'link', uid, mode: 0o777 });
  }

  tmpfs(path: string): void {
    this.types.set(path, TMPFS);
  }

  readonly home = () => this.homeInDatabase;
  readonly hostname = () => this.hostName;

  readonly hardware = () => {
    if (this.ioreg === null) throw failure('ENOENT', '/usr/sbin/ioreg');
    return this.ioreg;
  };

  read(path: string): string {
    const content = this.contents.get(path);
    if (content === undefined) throw failure('ENOENT', path);
    return content;
  }

  stat(path: string): FolderStatus {
    const status = this.lstat(path);
    return status.kind === 'link' ? { ...status, kind: 'folder', mode: 0o700 } : status;
  }

  lstat(path: string): FolderStatus {
    if (path !== '/') {
      const { uid, mode } = this.stat(dirname(path));
      if ((mode & (uid === this.uid ? 0o100 : 0o001)) === 0) throw failure('EACCES', path);
    }
    const status = this.files.get(path);
    if (status === undefined) throw failure('ENOENT', path);
    return status;
  }

  mkdir(path: string, mode: number): void {
    this.beforeMkdir(path);
    if (this.files.has(path)) throw failure('EEXIST', path);
    this.folder(path, this.uid, mode);
  }

  fileSystemType(path: string): number {
    return this.types.get(path) ?? EXT4;
  }
}

export function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, syscall: 'stat' });
}
