import type { FileSystem } from '../../stores/file/file-system.js';
import { systemCode } from '../../system/system-code.js';
import type { FileSystemCheck, Outcome } from '../file-system-report.js';

/** A check by single calls, each of them one that the file store relies on. */
export interface Probe {
  readonly check: FileSystemCheck;
  /** Throws a system error where the file system cannot do what is needed to find out, and the store cannot do without. */
  run(site: Site): Outcome | Promise<Outcome>;
}

/** Where a probe does its work. */
export interface Site {
  readonly fs: FileSystem;
  /** Empty, and the probe's own. */
  readonly folder: string;
  readonly onlooker: Onlooker;
  /** This machine's wall clock, in milliseconds. */
  now(): number;
}

/** Another process, which looks at the same folder. */
export interface Onlooker {
  look(path: string): Promise<Sight>;
  /** Resolves once the other process has begun to read the file over and over until it is `last`. */
  watch(path: string, last: string): Promise<{ readonly end: Promise<Sightings> }>;
}

/** What a process sees of a file. */
export interface Sight {
  /** `null` where there is no file. */
  readonly text: string | null;
  readonly mtimeMs: number | null;
  /** What lies in the file's folder. */
  readonly names: readonly string[];
}

/** What a process has seen of a file that another one replaced meanwhile. */
export interface Sightings {
  readonly reads: number;
  /** How often there was no file. */
  readonly missing: number;
  /** How often it was neither one version nor another. */
  readonly torn: number;
  /** How often it was an older version than before. */
  readonly backwards: number;
  /** The codes of the errors that reading gave. */
  readonly errors: readonly string[];
  /** Whether it has seen the last version within its timeout. */
  readonly sawLast: boolean;
}

/** The system error with which a call fails, or `null` where it succeeds. What is no system error is a bug. */
export function errorOf(call: () => unknown): Error | null {
  try {
    call();
    return null;
  } catch (error) {
    if (!(error instanceof Error) || systemCode(error) === null) throw error;
    return error;
  }
}

/** Its code, such as `EEXIST`. */
export function failureOf(call: () => unknown): string | null {
  return systemCode(errorOf(call));
}
