import { postgresStore } from 'livinglock/postgres';
import pgPromise from 'pg-promise';

export function open(url: string) {
  const db = pgPromise({ noWarnings: true })(url);
  const store = postgresStore({ query: (text, values = []) => db.query({ text, values }) });
  return { store, end: () => db.$pool.end() };
}
