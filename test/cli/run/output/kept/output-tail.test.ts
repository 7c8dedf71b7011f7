import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OutputTail } from '../../../../../src/cli/run/output/kept/output-tail.js';

it('the end of an output is its last bytes, whatever the chunks are', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 100 }), (written, size) => {
      const end = new OutputTail(size);
      const output: number[] = [];
      for (const chunk of written) {
        end.write(Buffer.from(chunk));
        output.push(...chunk);
        expect([...end.read()]).toEqual(output.slice(-size));
      }
    }),
  );
});
