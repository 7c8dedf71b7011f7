import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { HeldOutput, Spool } from '../../../../../src/cli/run/output/kept/held-output.js';
import { temporaryFolder } from '../../../../../support/world.js';
import { messages } from '../../stage.js';

it('output that is passed on while more of it is being held back gives no message', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'out');
  const descriptor = openSync(path, 'w');
  onTestFinished(() => closeSync(descriptor));
  const said = messages();
  const spool = new Spool(folder);
  const held = new HeldOutput({ source: Readable.from([]), descriptor, name: 'stdout' }, () => spool, 1000);
  await held.write(Buffer.from('first'));
  // More than fits, so it is written in parts.
  const writing = held.write(Buffer.alloc(2000));
  await held.release();
  await writing;
  expect(readFileSync(path, 'utf8')).toMatch(/^first/);
  expect(said).toEqual([]);
});
