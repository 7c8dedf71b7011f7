import { expect } from 'vitest';
import { remedyFor } from '../../src/core/remedies.js';

/** What the system refuses is said with the path, with what was attempted, with the system's own code, and with what to do. */
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
