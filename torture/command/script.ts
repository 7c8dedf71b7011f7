import type { Plan } from './plan.js';

/** A shell, and the descriptor of the witness in it. */
export interface Shell {
  readonly program: string;
  readonly witness: number;
}

/** The greatest descriptor that every shell accepts. */
export const ANY_SHELL: Shell = { program: 'sh', witness: 9 };
/**
 * Where sockets tell others that a command is dead: greater than the descriptor of any that the command inherits, and so closed before it. See
 * `Witness`.
 */
export const BASH: Shell = { program: 'bash', witness: 99 };

/**
 * The script that `livinglock run` runs with `-c`. It opens the witness before there is a child, so that both share one open file
 * description. Its arguments are the witness's path, and the program with its own arguments, to which each process adds its role.
 */
export function scriptFor({ strike }: Plan, { witness }: Shell): string {
  const isKilledAtStart = (part: 'runner' | 'leader') =>
    strike !== null && strike.when === 'start' && strike.parts.includes(part);
  return [
    `exec ${witness}>>"$1" || exit 126`,
    'shift',
    ...(isKilledAtStart('runner') ? ['kill -KILL "$LIVINGLOCK_RUNNER"'] : []),
    '"$@" child &',
    `echo '{"what":"started","leader":'$$',"child":'$!'}'`,
    ...(isKilledAtStart('leader') ? ['kill -KILL $$'] : []),
    'exec "$@" leader',
  ].join('\n');
}
