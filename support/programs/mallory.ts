// A user who owns the folder of someone else's lock, and replaces whatever appears beside the lock by a link to another folder, as fast
// as one process can. Reports how often, each time it is asked.

import { lstatSync, readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const [, , folder = '', lock = '', victim = ''] = process.argv;
let exchanged = 0;
let hidden = 0;

process.on('message', () => process.send?.({ exchanged }));
process.send?.({ exchanged });
for (;;) {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${lock}.guard`)) unlessGone(() => exchange(join(folder, name)));
  }
  await setImmediate();
}

/** A link is removed again, so that there is always something new to replace. */
function exchange(path: string): void {
  if (lstatSync(path).isSymbolicLink()) {
    unlinkSync(path);
    return;
  }
  hidden += 1;
  renameSync(path, join(folder, `hidden-${hidden}`));
  symlinkSync(victim, path);
  exchanged += 1;
}

/** Root was faster. */
function unlessGone(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing to replace.
  }
}
