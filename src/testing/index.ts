export { FakeClock } from './fake-clock.js';
export { type FakeManners, type FakePlace, FakeProcess, type SentSignal } from './fake-machine.js';
export { FakeProcessTable } from './fake-process-table.js';
export { memoryStore } from './memory-store.js';
export type { StoreUnderTest } from './suite/stage.js';
export { type StoreCase, storeCases, type TestFramework, testStore } from './suite/test-store.js';
