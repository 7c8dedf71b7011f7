// A user who owns the folder of somebody else's lock, and exchanges whatever appears beside the lock for a link to another folder, as fast
// as one process can. Says how often, each time that it is asked.

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

/** A link goes again, so that there is always something new to exchange. */
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

/** The other one was faster. */
function unlessGone(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing to exchange.
  }
}
