/**
 * The PIDs of the processes that have led to this one, its parent first, as far as `parentOf` knows. The parent itself is known
 * always; 0 is no process, but what the first one has for a parent.
 */
export function ancestorsBy(parentOf: (pid: number) => number | undefined): readonly number[] {
  const ancestors = new Set<number>();
  let pid: number | undefined = process.ppid;
  // Where PIDs of parents that have ended are given to others, as on Windows, the line may run in a circle.
  while (pid !== undefined && pid > 0 && !ancestors.has(pid)) {
    ancestors.add(pid);
    pid = parentOf(pid);
  }
  return [...ancestors];
}

/** Reads lines with a PID and that of its parent. */
export function parentsFrom(output: string | null): ReadonlyMap<number, number> {
  const lines = (output ?? '').matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm);
  return new Map(Array.from(lines, ([, pid, parent]) => [Number(pid), Number(parent)]));
}
