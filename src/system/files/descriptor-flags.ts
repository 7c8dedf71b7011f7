import { readFileSync } from 'node:fs';
import { attempt } from '../attempt.js';

/** The flags of open(2), and whether a descriptor is closed on exec. `null` if the system does not tell. */
export function flagsOf(descriptor: number): number | null {
  return attempt(() => {
    const [, flags] =
      /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
    return flags === undefined ? null : Number.parseInt(flags, 8);
  }, null);
}
