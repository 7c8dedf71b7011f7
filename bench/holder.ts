/** A process that takes one lock, says so, and holds it until it is killed or the benchmark is gone. */
import { field } from './rivals/field.js';

const [family, path] = process.argv.slice(2);
const rival = field.find((candidate) => candidate.family === family);
if (rival === undefined || path === undefined) throw new Error('usage: holder.js <family> <path>');

// Also keeps the process alive: a lock by itself does not.
process.once('disconnect', () => process.exit());

rival.prepare?.(path);
if ((await rival.acquire(path)) === null) throw new Error(`${path} is not free`);
// With a callback, because a benchmark that has just gone is no error here.
process.send?.('held', undefined, undefined, () => {});
