import type { Onlooker } from '../probes/probe.js';
import type { Helper } from './helper.js';

/** A watcher gives up after so many milliseconds without a newer version. */
const TIMEOUT = 5000;

/** Makes a helper look at files. */
export function onlooker(helper: Helper): Onlooker {
  return {
    async look(path) {
      const answer = helper.next('saw');
      helper.tell({ do: 'look', path });
      return (await answer).sight;
    },

    async watch(path, last) {
      const begun = helper.next('watching');
      const end = helper.next('watched').then(({ sightings }) => sightings);
      // Whoever waits for the beginning hears of it first if the process ends.
      end.catch(() => {});
      helper.tell({ do: 'watch', path, last, timeout: TIMEOUT });
      await begun;
      return { end };
    },
  };
}
