import { closeSync, constants, openSync } from 'node:fs';
import { attempt } from '../attempt.js';
import type { Liveness } from '../processes/process-table.js';
import { systemCode } from '../system-code.js';
import type { Life, Sign } from './sign-of-life.js';

/** Nobody else can open the file meanwhile (`UV_FS_O_EXLOCK` in libuv's `uv/win.h`). */
const EXCLUSIVE = 0x10000000;
/** It is removed when it is closed, however that happens (`UV_FS_O_TEMPORARY`). */
const TEMPORARY = 0x40;

/** The calls that it makes. Inject others to try it elsewhere. */
export interface Files {
  openSync(path: string, flags: number, mode?: number): number;
  closeSync(descriptor: number): void;
}

/**
 * An empty file that its keeper has opened without sharing. Windows closes and removes it when the process is gone. So a sign proves that its
 * keeper is alive, on a share even that of another machine. A missing sign proves nothing.
 */
export class WindowsLife implements Life {
  readonly when = 'claiming';
  readonly isMovable = false;
  readonly needsLocalFiles = false;
  readonly #files: Files;

  constructor(files: Files = { openSync, closeSync }) {
    this.#files = files;
  }

  keep(path: string): Sign | null {
    const { O_RDWR, O_CREAT, O_EXCL } = constants;
    const flags = O_RDWR | O_CREAT | O_EXCL | EXCLUSIVE | TEMPORARY;
    const file = attempt(() => this.#files.openSync(path, flags, 0o600), null);
    return file === null ? null : { descriptor: null, close: () => this.#close(file) };
  }

  async ask(path: string): Promise<Liveness> {
    try {
      this.#close(this.#files.openSync(path, constants.O_RDONLY));
      return 'unknown';
    } catch (error) {
      return systemCode(error) === 'EBUSY' ? 'alive' : 'unknown';
    }
  }

  #close(file: number): void {
    // A descriptor whose close fails is gone anyway.
    attempt(() => this.#files.closeSync(file), undefined);
  }
}
