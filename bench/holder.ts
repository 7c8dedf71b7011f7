/** A process that takes one lock, reports it, and holds it until the process is killed or the benchmark is gone. */
import { field } from './rivals/field.js';

const [kind, path] = process.argv.slice(2);
const rival = field.find((candidate) => candidate.kind === kind);
if (rival === undefined || path === undefined) throw new Error('usage: holder.js <kind> <path>');

// Also keeps the process alive, which a lock alone does not.
process.once('disconnect', () => process.exit());

rival.prepare?.(path);
if ((await rival.acquire(path)) === null) throw new Error(`${path} is not free`);
// With a callback, because a benchmark that has just ended is no error here.
process.send?.('held', undefined, undefined, () => {});
