import { LIVING, testSchedulesFrom } from './soundness.js';
import { STATES } from './states.js';

testSchedulesFrom(
  STATES.filter((state) => !LIVING.includes(state)),
  5_000,
);
