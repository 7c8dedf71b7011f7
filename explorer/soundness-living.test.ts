import { LIVING, testSchedulesFrom } from './soundness.js';

testSchedulesFrom(LIVING, 5_000);
