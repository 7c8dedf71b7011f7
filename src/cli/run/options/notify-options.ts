import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import type { Options } from '../../grammar/option.js';
import { type EventKind, parseKinds, USUAL_KINDS } from '../../notify/event-kinds.js';
import { PING_VARIABLE, parsePingUrl } from '../../notify/ping-url.js';
import { parseLine } from './wrapped-command.js';

/** The options of a run that say who is told about it. */
export const NOTIFY_OPTIONS = {
  notify: {
    flags: '--notify <line>',
    description:
      'run this line with the shell when something happens to the run, with the event as JSON on stdin and in LIVINGLOCK_EVENT',
    parse: parseLine,
  },
  notifyOn: {
    flags: '--notify-on <events>',
    description:
      'which events --notify is called for, separated by commas: start, stall, lost, success, failure, skip (default: failure,stall,lost)',
    parse: parseKinds,
  },
  ping: {
    flags: '--ping <url>',
    description:
      'report the start and the end of the run to this Healthchecks URL; it is a secret, and `ps` shows options, so prefer the variable',
    parse: parsePingUrl,
    variable: PING_VARIABLE,
  },
} as const satisfies Options;

/** For which events to call a command, if there is one. */
export function completeKinds(
  notify: string | undefined,
  notifyOn: readonly EventKind[] | undefined,
): readonly EventKind[] {
  if (notify !== undefined || notifyOn === undefined) return notifyOn ?? USUAL_KINDS;
  throw new CliError(ExitCode.usage, '--notify-on needs --notify COMMAND, which is called for these events.');
}
