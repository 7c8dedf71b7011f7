import { expect } from 'vitest';
import { remedyFor } from '../../src/core/system-error-remedies.js';

/** The message about a refusal of the system: the path, the attempt, the system's own code, and what to do. */
export function refusal(path: string, attempted: string, code: string): unknown {
  const parts = [`Cannot ${attempted} ${path}: ${code}`, `. ${remedyFor(code)}`];
  return {
    outcome: 'refused',
    name: 'ErrLockStore',
    code,
    message: expect.stringMatching(new RegExp(`^${parts.map(escaped).join('.+')}$`)),
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
