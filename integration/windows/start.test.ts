import { expect, test } from 'vitest';
import { censusOf } from '../support/census.js';

// What a run starts and loads. PowerShell takes half a second, and taskkill is for commands that do not end.

test('a run starts its command and no other program, and loads few files', async () => {
  const { files, programs } = await censusOf('run', '--wait', '1s', '-q', 'job', '--', 'hostname');
  expect(programs).toEqual([expect.stringMatching(/^hostname(\.exe)?$/i)]);
  expect(files.length).toBeLessThanOrEqual(4);
  expect(await censusOf('run', '-qw1s', 'job', '--', 'hostname')).toEqual({ files, programs });
});
