import { linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquire, inspect } from '../../../src/index.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { isMountPoint } from '../../../src/stores/sqlite/second-name.js';
import { temporaryFolder } from '../../../support/world.js';
import { type Connection, drivers, reopening, twin } from './databases.js';

const REFUSED = {
  name: 'ErrLockStore',
  code: 'ERR_LOCK_SECOND_NAME',
  isInDoubt: false,
  message: expect.stringMatching(
    /^Cannot (?:read|create) the lock nightly: .+ has a second name, a hard link\. .+ under one name only\.$/,
  ),
};

function closeLater<T extends Connection>(database: T): T {
  onTestFinished(() => database.close());
  return database;
}

describe.each(['DELETE', 'WAL'])('a database with a second name, in the mode %s', (mode) => {
  it.each(drivers)('gives no lock, by $name', async (driver) => {
    const path = join(temporaryFolder(), 'shop.db');
    const link = join(temporaryFolder(), 'shop.db');
    const database = closeLater(driver.open(path));
    database.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE orders (id)`);
    linkSync(path, link);
    for (const name of [path, link]) {
      const store = sqliteStore(closeLater(driver.open(name)));
      await expect(acquire('nightly', { store })).rejects.toMatchObject(REFUSED);
      await expect(inspect('nightly', { store })).rejects.toMatchObject(REFUSED);
      expect(() => store.names?.()).toThrow(/^Cannot list the locks of the database: /);
    }
    rmSync(link);
    const lock = await acquire('nightly', { store: sqliteStore(closeLater(driver.open(path))) });
    await lock.release();
  });
});

it('a lock that is held when its database gets a second name can be kept and released', async () => {
  const path = join(temporaryFolder(), 'shop.db');
  const store = sqliteStore(closeLater(twin.open(path)));
  const lock = await acquire('nightly', { store, heartbeatMinimalInterval: 0 });
  linkSync(path, `${path}.copy`);
  await lock.heartBeat();
  await lock.release();
});

it.each(reopening)('a connection of $name that is opened again is examined again', async (driver) => {
  const path = join(temporaryFolder(), 'shop.db');
  const database = closeLater(driver.open(path));
  const store = sqliteStore(database);
  await (await acquire('nightly', { store })).release();
  database.close();
  linkSync(path, `${path}.copy`);
  database.open();
  await expect(acquire('nightly', { store })).rejects.toMatchObject(REFUSED);
});

it('a database behind a symbolic link has one name', async () => {
  const path = join(temporaryFolder(), 'shop.db');
  const link = join(temporaryFolder(), 'link.db');
  writeFileSync(path, '');
  symlinkSync(path, link);
  const lock = await acquire('nightly', { store: sqliteStore(closeLater(twin.open(link))) });
  await lock.release();
});

it.each([
  ['/data/shop.db', true],
  ['/data/my shop\\.db', true],
  ['/data', true],
  ['/data/other.db', false],
  ['/srv/shop.db', false],
  ['/covered/shop.db', false],
])('whether a path is a mount point is in the list of mounts: %s', (path, expected) => {
  const mounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
36 27 254:0 /srv /data rw,relatime - ext4 /dev/vda rw
37 36 254:0 /srv/shop.db /data/shop.db rw,relatime - ext4 /dev/vda rw
39 27 254:0 /srv/shop.db /covered/shop.db rw,relatime - ext4 /dev/vda rw
40 27 254:0 /srv /covered rw,relatime - ext4 /dev/vda rw
38 36 254:0 /srv/my\\040shop\\134.db /data/my\\040shop\\134.db rw,relatime - ext4 /dev/vda rw
`;
  expect(isMountPoint(path, mounts)).toBe(expected);
});
