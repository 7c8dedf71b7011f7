import type { Exploration } from './exploration.js';
import type { Performance, Row } from './performance.js';
import { formatReplay } from './replay.js';
import { LETTERS } from './schedule.js';
import { formatTable } from './table.js';

/** A played schedule, for people: its steps, what is wrong, and how to play it again. */
export function explain({ scenario, actions }: Performance, exploration: Exploration): string {
  const rows: Row[] = [];
  const { folder } = exploration.stage;
  const again = exploration.replay(scenario, actions, (row) => rows.push(row));
  return [
    `From the state ${scenario.state}, with the contenders ${[...LETTERS.slice(0, scenario.contenders)].join(', ')}:`,
    '',
    formatTable(rows, folder),
    '',
    again.violation === null
      ? 'No rule is broken.'
      : `Broken: ${again.violation.rule}. ${again.violation.message}.`,
    `To play it again: npm run explore -- --replay '${formatReplay(again)}'`,
  ].join('\n');
}
