import { acquire, ErrLockBusy } from 'livinglock';
import { memoryStore } from 'livinglock/testing';

test('Babel turns imports into require', async () => {
  const store = memoryStore();
  const lock = await acquire('job', { store });
  await expect(acquire('job', { store })).rejects.toBeInstanceOf(ErrLockBusy);
  await lock.release();
});
