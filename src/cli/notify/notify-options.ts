import { UsageError } from '../errors/cli-error.js';
import type { Options } from '../grammar/option.js';
import { InvalidArgument } from '../grammar/parse-value.js';
import { parseLine } from '../run/options/wrapped-command.js';

/** The events that `--notify-on` can name, in the order in which the documentation explains them. */
export const EVENT_KINDS = ['start', 'stall', 'lost', 'success', 'failure', 'skip'] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** The events that are told if `--notify-on` is not given. */
export const USUAL_KINDS: readonly EventKind[] = ['failure', 'stall', 'lost'];

/** So that the URL need not stand where `ps` shows it. */
export const PING_VARIABLE = 'LIVINGLOCK_PING_URL';

/** Bytes of a ping's body. Healthchecks keeps the beginning of a longer one, not the end. */
export const MOST_BODY = 100_000;

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
  if (notifyOn !== undefined && notify === undefined) {
    throw new UsageError('--notify-on needs --notify COMMAND, which is called for these events.');
  }
  return notifyOn ?? USUAL_KINDS;
}

/** The value of `--notify-on`: names, separated by commas. */
export function parseKinds(text: string): readonly EventKind[] {
  return text.split(',').map((word) => {
    const kind = EVENT_KINDS.find((each) => each === word.trim());
    if (kind !== undefined) return kind;
    throw new InvalidArgument(`It must be one or more of ${EVENT_KINDS.join(', ')}, separated by commas.`);
  });
}

/** Throws no `InvalidArgument`: its message would repeat the URL, which is a secret. */
export function parsePingUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && !/\s/.test(text)) return url;
  throw new UsageError(
    `The URL to ping (--ping, ${PING_VARIABLE}) is invalid. It must begin with https:// or http://.`,
  );
}
