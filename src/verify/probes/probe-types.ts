import type { FileSystem } from '../../stores/file/file-system.js';
import { isError } from '../../system/is-error.js';
import { systemCode } from '../../system/system-code.js';
import type { CheckResult, FileSystemCheck } from '../file-system-report.js';

/** A check by single calls, all of which the file store relies on. */
export interface Probe {
  readonly check: FileSystemCheck;
  /** Throws a system error if the file system refuses a call that the probe needs and the store cannot do without. */
  run(site: Site): CheckResult | Promise<CheckResult>;
}

/** Where a probe works. */
export interface Site {
  readonly fs: FileSystem;
  /** Empty, and used by this probe alone. */
  readonly folder: string;
  readonly onlooker: Onlooker;
  /** This machine's wall clock, in milliseconds. */
  now(): number;
}

/** Another process, which reads the same folder. */
export interface Onlooker {
  look(path: string): Promise<Sight>;
  /** Resolves once the other process has begun to read the file repeatedly until it is `last`. */
  watch(path: string, last: string): Promise<{ readonly end: Promise<Sightings> }>;
}

/** What a process sees of a file. */
export interface Sight {
  /** `null` if there is no file. */
  readonly text: string | null;
  readonly mtimeMs: number | null;
  /** The names in the file's folder. */
  readonly names: readonly string[];
}

/** What a process saw of a file while another one replaced it. */
export interface Sightings {
  readonly reads: number;
  /** How often there was no file. */
  readonly missing: number;
  /** How often the content was neither one version nor another. */
  readonly torn: number;
  /** How often the version was older than the one before. */
  readonly backwards: number;
  /** The error codes of reading. */
  readonly errors: readonly string[];
  /** Whether it saw the last version before its timeout. */
  readonly sawLast: boolean;
}

/** The system error with which a call fails, or `null` if it succeeds. Any other error is a bug. */
export function errorOf(call: () => unknown): Error | null {
  try {
    call();
    return null;
  } catch (error) {
    if (!isError(error) || systemCode(error) === null) throw error;
    return error;
  }
}

/** The code of that error, such as `EEXIST`. */
export function failureOf(call: () => unknown): string | null {
  return systemCode(errorOf(call));
}
