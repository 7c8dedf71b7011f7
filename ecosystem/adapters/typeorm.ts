import { type FencedLock, fence, postgresStore } from 'livinglock/postgres';
import { DataSource } from 'typeorm';

export async function open(url: string) {
  const dataSource = new DataSource({ type: 'postgres', url });
  await dataSource.initialize();
  const store = postgresStore(dataSource);

  async function pay(lock: FencedLock) {
    await dataSource.transaction(async (manager) => {
      await fence(manager, lock);
      await manager.query("UPDATE payouts SET state = 'paid' WHERE state = 'due'");
    });
  }

  return { store, connection: dataSource, pay, end: () => dataSource.destroy() };
}
