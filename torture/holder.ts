/** A process that takes a lock, says so, and holds it until it is killed or the torture is gone. */
import { acquire } from 'livinglock';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: holder.js <path>');

// Also keeps the process alive: a lock by itself does not.
process.once('disconnect', () => process.exit());

await acquire(path);
// With a callback, because a torture that has just gone is no error here.
process.send?.('held', undefined, undefined, () => {});
