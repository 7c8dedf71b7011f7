import { acquire, ErrLockBusy, type Lock } from 'livinglock';
import { memoryStore } from 'livinglock/testing';

test('ts-jest finds the types, and turns imports into require', async () => {
  const store = memoryStore();
  const lock: Lock = await acquire('job', { store });
  await expect(acquire('job', { store })).rejects.toBeInstanceOf(ErrLockBusy);
  // @ts-expect-error: without types, this would be no error.
  await expect(acquire(42)).rejects.toBeInstanceOf(TypeError);
  await lock.release();
});
