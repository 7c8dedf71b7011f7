// The thread of a contender: plays one part after another.

import { setImmediate } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { ContendersEnd } from '../handover.js';
import { parsePart } from '../part.js';
import { World, type WorldMemory } from '../world.js';
import { makeDeterministic } from './determinism.js';
import { Gate } from './gate.js';
import { play } from './script.js';

const { handover, world: memory }: { handover: SharedArrayBuffer; world: WorldMemory } = workerData;
const world = new World(memory);
const gate = new Gate(new ContendersEnd(handover), world);
makeDeterministic(gate);

for (;;) {
  const part = parsePart(gate.awaitPart());
  gate.begin(part);
  await play(part, gate, world);
  // Lets the thread collect the garbage of the part. Within a part nothing ever waits for the event loop.
  await setImmediate();
}
