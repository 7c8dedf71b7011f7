import { expect, it } from 'vitest';
import { lostVariables, notesOnDatabase } from '../../../src/cli/schedule/lost-variables.js';

const ENV = {
  PGHOST: 'db',
  PGPORT: '5433',
  PGUSER: 'batch',
  PGPASSWORD: 's3cr3t',
  PGDATABASE: 'shop',
  PGSSLMODE: 'require',
  PGOPTIONS: '',
};

it.each([
  ['postgres:', ['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGSSLMODE']],
  ['postgresql://batch@/shop', ['PGHOST', 'PGPORT', 'PGPASSWORD', 'PGSSLMODE']],
  ['POSTGRES://batch:x@[::1]/shop?sslmode=disable', ['PGPORT']],
  ['postgres:///?host=/run/postgresql&port=1&user=a&password=b', ['PGDATABASE', 'PGSSLMODE']],
  ['postgres://batch:x@db:1/shop?sslmode=require', []],
  ['redis://db', []],
  ['sqlite:/srv/locks.db', []],
])('the address %s leaves %j to variables that a job does not get', (address, variables) => {
  expect(lostVariables(address, ENV)).toEqual(variables);
  expect(lostVariables(address, {})).toEqual([]);
});

it('a note names them, without their values', () => {
  const [note, ...others] = notesOnDatabase('postgres://batch@/shop', ENV);
  expect(note).toContain('The job does not get PGHOST, PGPORT, PGPASSWORD, PGSSLMODE from this environment.');
  expect(note).not.toContain('s3cr3t');
  expect(others).toEqual([]);
  expect(notesOnDatabase('redis://db', ENV)).toEqual([]);
});
