import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { eventOf, variablesOf } from '../../../src/cli/notify/event.js';
import { EVENT_KINDS } from '../../../src/cli/notify/notify-options.js';
import { OUTCOMES } from '../../../src/history/run.js';
import { someFacts } from './some-facts.js';

const schema = JSON.parse(readFileSync(new URL('../../../docs/event.schema.json', import.meta.url), 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

/** As the command reads it. */
function written(...args: Parameters<typeof eventOf>) {
  return JSON.parse(JSON.stringify(eventOf(...args)));
}

it('an event says what is known, and nothing else', () => {
  expect(written('stall', someFacts({ reason: 'silent' }))).toMatchObject({
    event: 'stall',
    name: '/srv/shop/backup.lock',
    path: '/srv/shop/backup.lock',
    store: null,
    outcome: null,
    endedAt: null,
    durationMs: 3000,
    reason: 'silent',
    host: hostname(),
    cwd: process.cwd(),
    pid: process.pid,
    progress: { ratio: 0.4, note: 'table 4' },
    takenOverFrom: null,
  });
});

it('an event has the name of a lock in a database', () => {
  const facts = someFacts({ lock: 'backup', store: 'redis://db-1' });
  expect(written('start', facts)).toMatchObject({ name: 'backup', path: 'backup', store: 'redis://db-1' });
});

it('an event of the end says when that was', () => {
  const end = { outcome: 'failed', exitCode: 4, endedAt: new Date('2026-11-26T12:00:03.000Z') } as const;
  expect(eventOf('failure', someFacts(end))).toMatchObject(end);
});

it('an event matches docs/event.schema.json', () => {
  for (const kind of EVENT_KINDS) {
    ajv.validate(schema, written(kind, someFacts()));
    expect(ajv.errors).toBeNull();
  }
  for (const outcome of OUTCOMES.filter((each) => each !== 'killed')) {
    ajv.validate(
      schema,
      written('failure', someFacts({ outcome, exitCode: 1, signal: 'SIGTERM', attempt: 2 })),
    );
    expect(ajv.errors).toBeNull();
  }
  expect(Object.keys(schema.properties).toSorted()).toEqual(
    Object.keys(written('start', someFacts())).toSorted(),
  );
});

it('an event is in variables, which are empty for what is not known', () => {
  const facts = someFacts({ outcome: 'ended-by-signal', exitCode: 137, signal: 'SIGKILL', attempt: 2 });
  expect(variablesOf(eventOf('failure', facts))).toEqual({
    LIVINGLOCK_EVENT: 'failure',
    LIVINGLOCK_EVENT_LOCK: '/srv/shop/backup.lock',
    LIVINGLOCK_EVENT_OUTCOME: 'ended-by-signal',
    LIVINGLOCK_EVENT_EXIT_CODE: '137',
    LIVINGLOCK_EVENT_SIGNAL: 'SIGKILL',
    LIVINGLOCK_EVENT_REASON: '',
    LIVINGLOCK_EVENT_COMMAND: './backup.sh --all',
    LIVINGLOCK_EVENT_HOST: hostname(),
    LIVINGLOCK_EVENT_ID: 'a-token',
    LIVINGLOCK_EVENT_STARTED_AT: '2026-11-26T12:00:00.000Z',
    LIVINGLOCK_EVENT_SECONDS: '3',
    LIVINGLOCK_EVENT_ATTEMPT: '2',
    LIVINGLOCK_EVENT_OUTPUT: '',
  });
  expect(variablesOf(eventOf('start', someFacts({ exitCode: 0, command: 'a\0b' })))).toMatchObject({
    LIVINGLOCK_EVENT_EXIT_CODE: '0',
    LIVINGLOCK_EVENT_COMMAND: 'ab',
  });
});
