/** What a contender has to do. */
export interface Part {
  readonly pid: number;
  /** Whether it has a PID namespace of its own. */
  readonly inContainer: boolean;
  /** The path of the lock. */
  readonly path: string;
  readonly script: ScriptName;
  /** Whether it stops before every call. Otherwise it runs to its next pause, or to its end. */
  readonly stepped: boolean;
  /** Dies before the n-th call of this name, counted from 1: `rename 2`. Empty: it does not. */
  readonly dies: string;
  /** What is broken on purpose; empty: nothing. */
  readonly breakage: string;
}

/**
 * - `job`: acquire, send a heartbeat, release; once more if the lock was busy.
 * - `visit`: acquire, pause, release.
 * - `mortal`: acquire, send a heartbeat, and pause forever.
 */
const SCRIPTS = ['job', 'visit', 'mortal'] as const;
export type ScriptName = (typeof SCRIPTS)[number];

export function formatPart({ pid, inContainer, path, script, stepped, dies, breakage }: Part): string {
  const place = inContainer ? 'container' : 'host';
  return [pid, place, path, script, stepped ? 'stepped' : 'free', dies, breakage].join('\n');
}

export function parsePart(text: string): Part {
  const [pid = '', place = '', path = '', script = '', pace = '', dies = '', breakage = ''] =
    text.split('\n');
  return {
    pid: Number(pid),
    inContainer: place === 'container',
    path,
    script: SCRIPTS.find((name) => name === script) ?? 'job',
    stepped: pace === 'stepped',
    dies,
    breakage,
  };
}
