/** A process that takes a lock, reports it, and holds it until the process is killed or the torture is gone. */
import { acquire } from 'livinglock';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: holder.js <path>');

// Also keeps the process alive, which a lock alone does not.
process.once('disconnect', () => process.exit());

await acquire(path);
// With a callback, because a torture that has just ended is no error here.
process.send?.('held', undefined, undefined, () => {});
