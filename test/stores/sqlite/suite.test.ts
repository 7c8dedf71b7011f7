import { join } from 'node:path';
import { describe, it } from 'vitest';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { testStore } from '../../../src/testing/index.js';
import { temporaryFolder } from '../../../support/world.js';
import { type Connection, type Driver, drivers } from './databases.js';

const framework = { describe, it };

for (const driver of drivers) {
  for (const mode of ['wal', 'delete']) {
    testStore(
      `the store in SQLite by ${driver.name}, journal_mode=${mode}`,
      () => inFile(driver, mode),
      framework,
    );
  }
  testStore(`the store in SQLite by ${driver.name}, in memory`, () => inMemory(driver), framework);
}

function inFile(driver: Driver, mode: string) {
  const path = join(temporaryFolder(), 'shop.db');
  const connections: Connection[] = [];
  const connect = () => {
    const database = driver.open(path);
    connections.push(database);
    database.exec(`PRAGMA journal_mode = ${mode}`);
    return sqliteStore(database);
  };
  return {
    store: connect(),
    another: connect,
    close: () => {
      for (const connection of connections) connection.close();
    },
  };
}

function inMemory(driver: Driver) {
  const database = driver.open(':memory:');
  return { store: sqliteStore(database), close: () => database.close() };
}
