export { FakeClock } from './fake-clock.js';
export {
  type FakeManners,
  type FakePlace,
  FakeProcess,
  FakeProcessTable,
  type SentSignal,
} from './fake-processes.js';
