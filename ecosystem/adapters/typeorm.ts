import { postgresStore } from 'livinglock/postgres';
import { DataSource } from 'typeorm';

export async function open(url: string) {
  const dataSource = new DataSource({ type: 'postgres', url });
  await dataSource.initialize();
  const store = postgresStore(dataSource);
  return { store, end: () => dataSource.destroy() };
}
