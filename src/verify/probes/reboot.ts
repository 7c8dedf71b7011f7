import { isLocal } from '../../stores/file/file-system.js';
import { describeType } from '../file-system-type.js';
import { limited, safe } from '../outcome.js';
import type { Probe } from './probe.js';

/** `statfs(2)`: where only this kernel can have written, a record of another boot is proof that its holder is dead. */
export const reboot: Probe = {
  check: 'reboot',
  run({ fs, folder }) {
    switch (process.platform) {
      case 'linux':
        break;
      case 'win32':
        return safe(
          'A holder from before the machine was restarted is known by its process, which does not exist any more.',
        );
      default:
        return limited(
          'On this platform nothing proves that a lock is from before the machine was restarted: such a lock waits for staleTimeout.',
        );
    }
    const type = describeType(fs, folder);
    const name = type.name ?? 'unknown';
    if (isLocal(fs, folder)) {
      return safe(
        `The file system (${name}) is local: a lock from before the machine was restarted is taken over at once.`,
      );
    }
    const consequence = 'a lock from before the machine was restarted waits for staleTimeout';
    return type.isNetwork
      ? limited(
          `This is a network file system (${name}): ${consequence}. It was tried from this machine only; between ` +
            'machines nobody can tell a dead process from one that is paused.',
        )
      : limited(
          `Whether other machines can write here too cannot be told from the file system (${name}): ${consequence}.`,
        );
  },
};
