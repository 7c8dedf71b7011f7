import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { complete } from '../../../src/cli/completion/complete.js';
import { loaded } from '../../../src/cli/grammar/help-text.js';
import { programOf } from '../../../src/cli/program.js';

const LOCKS = ['backup', 'batch', 'import'];
const commands = await loaded(COMMANDS);
const completed = (words: readonly string[]) =>
  complete(programOf(COMMANDS), commands, words, async () => LOCKS);

describe('the candidates for a word', () => {
  it('are all commands, with their summaries', async () => {
    const candidates = await completed(['']);
    for (const name of COMMANDS.keys()) {
      expect(candidates).toContainEqual(expect.stringMatching(new RegExp(`^${name}\t\\S`)));
    }
    expect(candidates.join('\n')).not.toContain('complete-words');
  });

  it.each([
    { words: ['sta'], expected: ['status'] },
    { words: ['--ver'], expected: ['--version'] },
    { words: ['break', 'ba'], expected: ['backup', 'batch'] },
    { words: ['status', 'backup', '--json', 'im'], expected: ['import'] },
    { words: ['break', 'backup', ''], expected: [] },
    { words: ['break', '--fo'], expected: ['--force'] },
    { words: ['break', '--', '--fo'], expected: [] },
    { words: ['wait', '--timeout', '30s', 'ba'], expected: ['backup', 'batch'] },
    { words: ['wait', '--timeout', ''], expected: [] },
    { words: ['wait', '--timeout=30s', 'im'], expected: ['import'] },
    { words: ['run', '-w', '30s', 'im'], expected: ['import'] },
    { words: ['run', '--on-stall', 'w'], expected: ['warn'] },
    { words: ['run', '--heartbeat', ''], expected: ['alive', 'output', 'manual', 'file:'] },
    { words: ['run', '--heartbeat=o'], expected: ['--heartbeat=output'] },
    { words: ['run', '--heartbeat', 'file:a'], expected: [':files'] },
    { words: ['run', '--heartbeat=file:a'], expected: [':files'] },
    { words: ['run', '--on-stall='], expected: ['--on-stall=end', '--on-stall=warn'] },
    { words: ['run', '--quiet='], expected: [] },
    { words: ['run', '--log='], expected: [':files'] },
    { words: ['run', '--log', 'im'], expected: ['import'] },
    { words: ['run', 'backup', ''], expected: ['--'] },
    { words: ['run', 'backup', '--', 'pg'], expected: [':command'] },
    { words: ['run', 'backup', '--', 'pg_dump', '--fi'], expected: [':command'] },
    { words: ['status', '/var/'], expected: [':files'] },
    { words: ['verify', ''], expected: [':folders'] },
    { words: ['completion', 'z'], expected: ['zsh'] },
    { words: ['help', 'exit'], expected: ['exit-codes'] },
    { words: ['nonsense', ''], expected: [] },
    { words: [], expected: expect.arrayContaining(['run']) },
  ])('are $expected for $words', async ({ words, expected }) => {
    expect((await completed(words)).map((candidate) => candidate.replace(/\t.*/, ''))).toEqual(expected);
  });
});
