import { readFileSync, utimesSync, writeFileSync } from 'node:fs';

/** In its own PID namespace: PIDs start at 1 again, and processes outside cannot be seen. */
export const CONTAINER = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Its first process, if that is to be another one: signals of its own do nothing to it (pid_namespaces(7)). */
export const INIT = ['sh', '-c', '"$@"; sleep 1000', 'sh'];

/** Makes the last heartbeat in a lock file this many milliseconds older. */
export function makeOlder(file: string, milliseconds: number): void {
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const timestamp = new Date(Date.parse(record.timestamp) - milliseconds);
  const monotonic = record.monotonic_ms - milliseconds;
  writeFileSync(file, `${JSON.stringify({ ...record, timestamp, monotonic_ms: monotonic })}\n`);
  utimesSync(file, timestamp, timestamp);
}
