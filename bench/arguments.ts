import { parseArgs } from 'node:util';
import { type Effort, full, quick } from './effort.js';

/** Reads from the command line how much to measure. `null` after `--help`, when there is nothing left to do. */
export function readEffort(help: string): Effort | null {
  try {
    const { values } = parseArgs({ options: { quick: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (!values.help) return values.quick ? quick : full;
    console.log(help);
    return null;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`);
    return process.exit(2);
  }
}
