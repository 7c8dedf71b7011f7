import { closeSync, openSync, readSync } from 'node:fs';

/** Where Unix systems provide random bytes (random(4)). */
const SOURCE = '/dev/urandom';
const UUID_BYTES = 16;

const pool = Buffer.alloc(64 * UUID_BYTES);
let used = pool.length;

/**
 * A random UUID (version 4), as from `crypto.randomUUID()`. Does without that module, because loading it takes as long as acquiring and releasing a
 * lock in a new process.
 */
export function randomUuid(): string {
  if (used === pool.length && !refill()) return process.getBuiltinModule('node:crypto').randomUUID();
  const bytes = pool.subarray(used, used + UUID_BYTES);
  used += UUID_BYTES;
  bytes.writeUInt8(0x40 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Whether the source exists. */
function refill(): boolean {
  if (process.platform === 'win32') return false;
  try {
    const descriptor = openSync(SOURCE, 'r');
    try {
      if (readSync(descriptor, pool) < pool.length) return false;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
  used = 0;
  return true;
}
