import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

/** So that the URL need not stand where `ps` shows it. */
export const PING_VARIABLE = 'LIVINGLOCK_PING_URL';

/** Throws no `InvalidArgument`: its message would repeat the URL, which is a secret. */
export function parsePingUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && !/\s/.test(text)) return url;
  throw new CliError(
    ExitCode.usage,
    `The URL to ping (--ping, ${PING_VARIABLE}) is invalid. It must begin with https:// or http://.`,
  );
}

/** Bytes of a ping's body. Healthchecks keeps the beginning of a longer one, not the end. */
export const MOST_BODY = 100_000;
