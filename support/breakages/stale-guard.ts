import { dirname, join } from 'node:path';
import type { Breakage } from './breakage.js';
import { isStale } from './guard-age.js';
import { isGuard, isInGuard } from './guard-paths.js';

/** A PID that no process has. */
const NOBODY = '1';

/** A guard goes stale for an owner that lives and was only paused: such an owner is made to look like a dead process. */
export const staleGuard: Breakage = {
  fileSystem: (intact, clock) => {
    const namesByDisguise = new Map<string, string>();
    return {
      ...intact,
      readdirSync(path) {
        const names = intact.readdirSync(path);
        if (!isGuard(path)) return names;
        return names.map((name) => {
          if (!isStale(intact, join(path, name), clock)) return name;
          const disguise = disguised(name);
          namesByDisguise.set(disguise, name);
          return disguise;
        });
      },
      unlinkSync(path) {
        const guard = dirname(path);
        const name = isInGuard(path) ? namesByDisguise.get(path.slice(guard.length + 1)) : undefined;
        intact.unlinkSync(name === undefined ? path : join(guard, name));
      },
    };
  },
};

/** The name of an owner's file begins with a token and the PID. */
function disguised(name: string): string {
  const [token, , ...rest] = name.split(',');
  return [token, NOBODY, ...rest].join(',');
}
