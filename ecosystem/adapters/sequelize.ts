import { postgresStore } from 'livinglock/postgres';
import { QueryTypes, Sequelize } from 'sequelize';

export function open(url: string) {
  const sequelize = new Sequelize(url, { logging: false });
  const store = postgresStore({
    query: (text, bind = []) =>
      sequelize.query(text, { bind, type: QueryTypes.SELECT, transaction: null, logging: false }),
  });
  return { store, end: () => sequelize.close() };
}
