import { postgresStore } from 'livinglock/postgres';
import postgres from 'postgres';

export function open(url: string) {
  const sql = postgres(url);
  const store = postgresStore({ query: (text, values) => sql.unsafe(text, values, { prepare: true }) });
  return { store, end: () => sql.end({ timeout: 1 }) };
}
