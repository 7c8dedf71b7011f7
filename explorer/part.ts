/** What a contender is to do. */
export interface Part {
  readonly pid: number;
  /** The path of the lock. */
  readonly path: string;
  readonly script: ScriptName;
  /** Whether it stops before every call. Else it runs to its next pause, or to its end. */
  readonly stepped: boolean;
  /** Dies before the n-th call of a name, counted from 1: `rename 2`. Empty: it does not. */
  readonly dies: string;
  /** What is broken on purpose; empty: nothing. */
  readonly breakage: string;
}

/**
 * - `job`: acquire, give a heartbeat, release; once more if the lock was busy.
 * - `visit`: acquire, pause, release.
 * - `mortal`: acquire, give a heartbeat, and pause for ever.
 */
const SCRIPTS = ['job', 'visit', 'mortal'] as const;
export type ScriptName = (typeof SCRIPTS)[number];

export function formatPart({ pid, path, script, stepped, dies, breakage }: Part): string {
  return [pid, path, script, stepped ? 'stepped' : 'free', dies, breakage].join('\n');
}

export function parsePart(text: string): Part {
  const [pid = '', path = '', script = '', pace = '', dies = '', breakage = ''] = text.split('\n');
  return {
    pid: Number(pid),
    path,
    script: SCRIPTS.find((name) => name === script) ?? 'job',
    stepped: pace === 'stepped',
    dies,
    breakage,
  };
}
