import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { givenEnvironment, missingVariables } from '../../../../src/cli/run/start/given-environment.js';
import { replace } from '../../../../support/replace.js';

describe('the environment that was given', () => {
  const { env } = process;

  beforeEach(() => {
    // As Node shows variables named by numbers.
    process.env = { PATH: '/bin', CHANGED: 'here', 7: undefined, 8: undefined };
  });

  afterEach(() => {
    process.env = env;
  });

  function given(...entries: readonly (string | Buffer)[]): void {
    const environ = entries.map((entry) => Buffer.concat([Buffer.from(entry), Buffer.alloc(1)]));
    const changes: object = { readFileSync: () => Buffer.concat(environ) };
    replace(fs, changes);
  }

  it('has the variables that Node drops', () => {
    given('PATH=/bin', 'CHANGED=before', '7=a\n8=b=', '8=');
    expect(givenEnvironment()).toEqual({ PATH: '/bin', CHANGED: 'here', 7: 'a\n8=b=', 8: '' });
    expect(missingVariables()).toEqual([]);
  });

  it('does not have what is not UTF-8', () => {
    given('7=seven', Buffer.from([0x38, 0x3d, 0xff]));
    expect(givenEnvironment()).toMatchObject({ 7: 'seven', 8: undefined });
    expect(missingVariables()).toEqual(['8']);
  });

  it('is what Node shows if the system does not tell', () => {
    const changes: object = {
      readFileSync() {
        throw new Error('ENOENT');
      },
    };
    replace(fs, changes);
    expect(givenEnvironment()).toEqual(process.env);
    expect(missingVariables()).toEqual(['7', '8']);
  });

  it('has the number of a worker of node:cluster only without its channel', () => {
    given('NODE_UNIQUE_ID=1');
    expect(givenEnvironment()).toMatchObject({ NODE_UNIQUE_ID: '1' });
    given('NODE_UNIQUE_ID=1', 'NODE_CHANNEL_FD=3');
    expect(givenEnvironment()).not.toHaveProperty('NODE_UNIQUE_ID');
  });
});
