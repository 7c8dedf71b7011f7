import { join } from 'node:path';
import { createFile } from '../../stores/file/text-file.js';
import { safe, unsafe } from '../outcome.js';
import type { Probe, Site } from './probe.js';

/** What one process has changed, another one sees at once: a mount that caches for each of them is no place to meet. */
export const sharedView: Probe = {
  check: 'shared-view',
  async run(site) {
    const { fs, folder } = site;
    const path = join(folder, 'lock');
    const steps: readonly (readonly [what: string, step: () => void, expected: string | null])[] = [
      // First of all, so that "there is nothing" is what may be remembered.
      ['an empty folder', () => {}, null],
      ['a new file', () => createFile(fs, path, 'old'), 'old'],
      ['a file that was replaced', () => fs.writeFileAtomicSync(path, 'new'), 'new'],
      ['a file that was removed', () => fs.unlinkSync(path), null],
    ];
    for (const [what, step, expected] of steps) {
      step();
      if (!(await sees(site, path, expected))) {
        return unsafe(
          `Another process does not see ${what} as it is: it would judge a lock by what the folder looked like before.`,
        );
      }
    }
    return safe('What one process changes, another one sees at once.');
  },
};

async function sees({ onlooker }: Site, path: string, expected: string | null): Promise<boolean> {
  const { text, names } = await onlooker.look(path);
  return text === expected && names.includes('lock') === (expected !== null);
}
