import { describe, expect, it } from 'vitest';
import { Screen } from '../../../src/cli/status/screen.js';

describe('a screen', () => {
  it('draws over its last frame, and clears what is left of it', async () => {
    const stream = new FakeTerminal();
    const screen = new Screen(stream);
    await screen.draw(['one', 'two']);
    await screen.draw(['three']);
    expect(stream.written).toEqual([
      '\rone\u{1b}[K\ntwo\u{1b}[K\n\u{1b}[J',
      '\r\u{1b}[2Athree\u{1b}[K\n\u{1b}[J',
    ]);
  });

  it('goes up further if the terminal has become narrower and has wrapped the lines', async () => {
    const stream = new FakeTerminal();
    const screen = new Screen(stream);
    await screen.draw(['x'.repeat(60), 'y', '']);
    stream.columns = 25;
    await screen.draw(['z']);
    expect(stream.written[1]).toMatch('\u{1b}[5A');
  });

  it('does not draw more lines than it could draw over', async () => {
    const stream = new FakeTerminal();
    const screen = new Screen(stream);
    stream.rows = 4;
    await screen.draw(['1', '2', '3', '4', '5']);
    expect(stream.written[0]?.replaceAll('\u{1b}[K', '')).toBe('\r1\n2\n… and 3 more lines\n\u{1b}[J');
  });

  it('leaves the last column free, where clearing would erase text', async () => {
    const stream = new FakeTerminal();
    await new Screen(stream).draw(['x'.repeat(100)]);
    expect(stream.written[0]).toContain(`\r${'x'.repeat(78)}…\u{1b}[K`);
  });
});

class FakeTerminal {
  columns = 80;
  rows = 24;
  readonly written: string[] = [];

  write(text: string, done: () => void): void {
    this.written.push(text);
    done();
  }
}
