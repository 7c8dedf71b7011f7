/** What the demo shows. It exits with 0 only if it has confirmed each of these. */
export const FACTS = {
  yields: 'the second start yielded: exit code 75, one line that names the holder, no file opened',
  undisturbed: 'the first continued, and still holds the same lock',
  killed: 'the first is dead, and its lock is still there',
  atOnce: 'the third took over at once, although the stale timeout is one hour',
  resumes: 'the third opened no file that was in a checkpoint',
  finishes: 'the third finished, and its manifest matches the files',
  hangs: 'the fourth hung, and stayed alive',
  waits: 'the fifth took over, but not before the stale timeout',
  learns: 'the fourth found out that it had lost the lock, and stopped: exit code 3',
  harmless: 'the fourth changed nothing: checkpoints, manifest and lock are as they were',
  completes: 'the fifth resumed and finished, and its manifest matches the files',
  tidy: 'only the manifest is left: no lock, no work folder, no temporary file',
};

export type Fact = keyof typeof FACTS;
