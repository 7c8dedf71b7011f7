import { remedyFor } from '../../core/remedies.js';
import { systemCode } from '../../system/system-code.js';

/** What the system refused, and what to do about it; `null` for an error that is not the system's, which means a bug. */
export function describeTrouble(error: unknown): string | null {
  const code = systemCode(error);
  if (code === null || !(error instanceof Error)) return null;
  if ('syscall' in error && error.syscall === 'uv_cwd') {
    return 'The folder in which livinglock was started no longer exists. Change to another folder (cd), or use paths that begin with a slash.';
  }
  const remedy = remedyFor(code);
  return `${error.message}.${remedy && ` ${remedy}`}`;
}
