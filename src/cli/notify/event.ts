import { fitText } from '../../core/record/record.js';
import type { RunOutcome, RunReport } from '../../history/index.js';
import { factsOf } from '../../history/run-report.js';
import { displayName } from '../history/names.js';
import type { EventKind } from './notify-options.js';

/** What is known about a run at some time. `null` as outcome: it has not ended. */
export type Facts = Omit<RunReport, 'outcome'> & { readonly outcome: RunOutcome | null };

/** What happens in a run. */
export type Moment = Exclude<EventKind, 'success' | 'failure'> | 'end';

/** What a notification says, with the keys of `history --json`. Its public description is docs/event.schema.json. */
export type RunEvent = ReturnType<typeof eventOf>;

export function eventOf(event: EventKind, facts: Facts) {
  const { lock, ...known } = factsOf(facts);
  const { store, reason, command } = known;
  return {
    event,
    name: store === null ? displayName({ lock, store }) : lock,
    path: lock,
    outcome: facts.outcome,
    endedAt: facts.endedAt ?? null,
    durationMs: Math.round(facts.duration ?? 0),
    ...known,
    reason: shortened(reason),
    command: shortened(command),
  };
}

/** As in the history: no variable of a process can be as long as all its arguments. */
function shortened(text: string | null): string | null {
  return text ? fitText(text) : null;
}

/** The same as environment variables; empty for what is not known. */
export function variablesOf(event: RunEvent): NodeJS.ProcessEnv {
  const facts = {
    '': event.event,
    _LOCK: event.name,
    _OUTCOME: event.outcome,
    _EXIT_CODE: event.exitCode,
    _SIGNAL: event.signal,
    _REASON: event.reason,
    _COMMAND: event.command,
    _HOST: event.host,
    _ID: event.id,
    _STARTED_AT: event.startedAt.toISOString(),
    _SECONDS: Math.round(event.durationMs / 1000),
    _ATTEMPT: event.attempt,
    _OUTPUT: event.output,
  };
  // No variable can contain a NUL (execve(2)).
  const text = (value: string | number | null) => String(value ?? '').replaceAll('\0', '');
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [`LIVINGLOCK_EVENT${name}`, text(value)]),
  );
}
