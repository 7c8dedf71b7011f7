import { WITNESS_DESCRIPTOR } from '../protocol.js';
import type { Plan } from './plan.js';

/**
 * The script that `livinglock run` runs with `sh -c`. It opens the witness before there is a child, so that both share one open file
 * description. Its arguments are the witness's path, and the program with its own arguments, to which each process adds its role.
 */
export function scriptFor({ strike }: Plan): string {
  const isKilledAtStart = (part: 'runner' | 'leader') =>
    strike !== null && strike.when === 'start' && strike.parts.includes(part);
  return [
    `exec ${WITNESS_DESCRIPTOR}>>"$1" || exit 126`,
    'shift',
    ...(isKilledAtStart('runner') ? ['kill -KILL "$LIVINGLOCK_RUNNER"'] : []),
    '"$@" child &',
    `echo '{"what":"started","leader":'$$',"child":'$!'}'`,
    ...(isKilledAtStart('leader') ? ['kill -KILL $$'] : []),
    'exec "$@" leader',
  ].join('\n');
}
