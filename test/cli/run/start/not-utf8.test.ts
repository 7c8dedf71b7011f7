import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ExitCode } from '../../../../src/cli/errors/exit-codes.js';
import { expectUtf8Arguments, variablesNotUtf8 } from '../../../../src/cli/run/start/not-utf8.js';
import { replace } from '../../../../support/replace.js';

/** What Node makes of a byte that is not UTF-8. */
const REPLACED = '\u{fffd}';
const BYTE = Buffer.from([0xff]);

/** A process whose files in /proc are these. */
function proc(files: Readonly<Record<string, Uint8Array>>): void {
  const changes: object = {
    readFileSync(path: string) {
      const content = files[path];
      if (content === undefined) throw new Error(`ENOENT: ${path}`);
      return content;
    },
  };
  replace(fs, changes);
}

function bytes(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

describe('an argument that is not UTF-8', () => {
  const { argv } = process;

  afterEach(() => {
    process.argv = argv;
  });

  it('is refused', () => {
    proc({ '/proc/self/cmdline': bytes('node\0rm\0', BYTE, '\0end\0') });
    process.argv = ['node', 'rm', REPLACED, 'end'];
    expect(expectUtf8Arguments).toThrow(expect.objectContaining({ exitCode: ExitCode.usage }));
  });

  it('is not confused with the character that stands for it, nor with other bytes', () => {
    proc({ '/proc/self/cmdline': bytes(`node\0${REPLACED}\0`) });
    process.argv = ['node', REPLACED];
    expect(expectUtf8Arguments).not.toThrow();
    proc({ '/proc/self/cmdline': bytes('node\0', BYTE, '\0') });
    process.argv = ['node', 'x'];
    expect(expectUtf8Arguments).not.toThrow();
  });

  it('cannot be told without /proc', () => {
    proc({});
    process.argv = ['node', REPLACED];
    expect(expectUtf8Arguments).not.toThrow();
  });
});

describe('a variable that is not UTF-8', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is named', () => {
    proc({ '/proc/self/environ': bytes('A=1\nB=2\0BAD=a\nb=', BYTE, '\0', BYTE, '=x\0C=3\0') });
    vi.stubEnv('BAD', `a\nb=${REPLACED}`);
    expect(variablesNotUtf8()).toEqual(['BAD', REPLACED]);
  });

  it('is looked for only if Node has replaced something', () => {
    proc({ '/proc/self/environ': bytes('BAD=', BYTE, '\0') });
    expect(variablesNotUtf8()).toEqual([]);
    vi.stubEnv(`${REPLACED}BAD`, 'x');
    expect(variablesNotUtf8()).toEqual(['BAD']);
  });
});
