import { testSchedulesFrom } from './soundness.js';
import { hasDeaths, STATES } from './states.js';

testSchedulesFrom(STATES.filter((state) => !hasDeaths(state)));
