import knex from 'knex';
import { postgresStore } from 'livinglock/postgres';

export function open(url: string) {
  const db = knex({ client: 'pg', connection: url });
  const store = postgresStore({
    query: (text, values = []) => db.raw(text.replace(/\$(\d+)/g, ':$1 '), { ...['', ...values] }),
  });
  return { store, end: () => db.destroy() };
}
