/** What the demo is to show. It ends with exit code 0 only if each of these has been checked and found so. */
export const FACTS = {
  yields: 'the second start yielded: exit code 75, one line that names the holder, not one file opened',
  undisturbed: 'the first went on, and holds the same lock as before',
  killed: 'the first is dead, and has left its lock behind',
  atOnce: 'the third took over at once, although the stale timeout is an hour',
  resumes: 'the third opened no file that the checkpoint had',
  finishes: 'the third finished, and its manifest agrees with the files',
  hangs: 'the fourth hung, and was alive all the time',
  patient: 'the fifth took over, and not before the stale timeout',
  learns: 'the fourth learnt that it has lost the lock, and stopped: exit code 3',
  harmless: 'the fourth has harmed nothing: checkpoints, manifest and lock are as they were',
  completes: 'the fifth resumed, finished, and its manifest agrees with the files',
  tidy: 'nothing is left but the manifest: no lock, no work folder, no temporary file',
};

export type Fact = keyof typeof FACTS;
