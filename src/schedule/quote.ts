/** Characters that mean nothing anywhere. */
const PLAIN = /^[\w@+=:,./-]+$/;

/**
 * For a line of a crontab: as `/bin/sh` wants it, and so that cron leaves it alone (crontab(5)). cron ends the command at a `%`
 * without a backslash, and removes that backslash; by standing outside of the quotes it is removed as well where cron
 * does not know of it (busybox). What a cron makes of two backslashes side by side, or of one before `\%`, differs, so neither occurs.
 */
export function quoteForCron(argument: string): string {
  if (PLAIN.test(argument)) return argument;
  return `'${argument
    .replaceAll("'", "'\\''")
    .replaceAll('%', "'\\%'")
    .replaceAll(/\\(?=\\)/g, "\\''")}'`;
}

/** For `ExecStart=` (systemd.service(5), "Command lines"). */
export function quoteForSystemd(argument: string): string {
  return quoteSystemdPath(argument).replaceAll('$', '$$$$');
}

/** For the program in `ExecStart=`, and for settings with paths: there `$` is a character like any other. */
export function quoteSystemdPath(path: string): string {
  if (PLAIN.test(path)) return path;
  const escaped = path
    .replaceAll(/["\\]/g, '\\$&')
    .replaceAll('%', '%%')
    .replaceAll(/\p{Cc}/gu, (character) =>
      [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
  return `"${escaped}"`;
}

/**
 * For a Windows command line, by the rules of Microsoft's C runtime: a backslash counts as such unless a quote follows. The Task
 * Scheduler replaces `%NAME%` and `$(Arg0)` before, quoted or not, and knows no escape; but it knows no variable
 * with a quote in its name either.
 */
export function quoteForWindows(argument: string): string {
  if (/^[\w@+=:,./\\-]+$/.test(argument)) return argument;
  const parts = argument.split(/(%|\$(?=\())/);
  const quoted = parts.map((part, index) => {
    if (index % 2 === 1) return part;
    return part === '' && parts.length > 1
      ? ''
      : `"${part.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
  });
  return quoted.join('');
}
