import fs from 'node:fs';
import { vi } from 'vitest';
import { pretend, replace } from '../../../support/replace.js';

interface FakeEntry {
  readonly parent?: number;
  readonly group?: number;
  readonly state?: string;
  readonly threads?: number;
  readonly started?: number;
  /** Which sockets it has open, by inode number. */
  readonly sockets?: readonly number[];
  /** Its variables; `null` if it belongs to another user, whose descriptors cannot be seen either. */
  readonly environment?: readonly string[] | null;
}

/** The PID of the group that this process is in. */
export const OWN_GROUP = 7;
export const NAMESPACE = 'net:[4026531840]';

/** A Linux machine's /proc with this process in it, and whichever others a test adds. Remembers the signals that are sent. */
export class FakeProc {
  readonly files = new Map<string, string>();
  readonly links = new Map<string, string>();
  readonly folders = new Map<string, readonly string[]>();
  readonly signals: string[] = [];
  readonly #pids = new Set<number>();

  constructor() {
    this.links.set('/proc/self', String(process.pid));
    this.links.set('/proc/self/ns/net', NAMESPACE);
    this.add(1, { parent: 0, group: 1 });
    this.add(process.pid, { group: OWN_GROUP });
    pretend('linux');
    const changes: object = {
      readdirSync: (path: string) =>
        path === '/proc' ? [...this.#pids, 'self', 'x1', '1x'].map(String) : this.#get(this.folders, path),
      readFileSync: (path: string) => this.#get(this.files, path),
      readlinkSync: (path: string) => this.#get(this.links, path),
    };
    replace(fs, changes);
    vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
      this.signals.push(`${signal} ${pid}`);
      if (!this.#pids.has(pid)) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
      return true;
    });
  }

  add(pid: number, entry: FakeEntry): void {
    const { parent = 1, group = OWN_GROUP, state = 'S', threads = 1, started = pid } = entry;
    const { sockets = [], environment = [] } = entry;
    this.#pids.add(pid);
    const unused = Array(14).fill('0').join(' ');
    // The name of a program may contain anything.
    const stat = `${pid} (a) Z (b c) ${state} ${parent} ${group} ${unused} ${threads} 0 ${started}`;
    this.files.set(`/proc/${pid}/stat`, stat);
    if (environment === null) return;
    this.files.set(`/proc/${pid}/environ`, environment.map((variable) => `${variable}\0`).join(''));
    this.folders.set(`/proc/${pid}/fd`, ['0', ...sockets.map((_, index) => String(index + 1))]);
    this.links.set(`/proc/${pid}/fd/0`, '/dev/null');
    for (const [index, inode] of sockets.entries()) {
      this.links.set(`/proc/${pid}/fd/${index + 1}`, `socket:[${inode}]`);
    }
  }

  remove(pid: number): void {
    this.#pids.delete(pid);
    this.files.delete(`/proc/${pid}/stat`);
  }

  #get<T>(all: ReadonlyMap<string, T>, path: string): T {
    const found = all.get(path);
    if (found === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return found;
  }
}
