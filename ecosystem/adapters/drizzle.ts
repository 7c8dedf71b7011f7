import { drizzle } from 'drizzle-orm/node-postgres';
import { postgresStore } from 'livinglock/postgres';

export function open(url: string) {
  const db = drizzle(url);
  db.$client.on('error', console.error);
  const store = postgresStore(db.$client);
  return { store, end: () => db.$client.end() };
}
