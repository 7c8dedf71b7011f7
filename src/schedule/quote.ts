/** Characters that are special nowhere. */
const PLAIN = /^[\w@+:,./-][\w@+=:,./-]*$/;

/**
 * For a line of a crontab: quoted for `/bin/sh`, and so that cron leaves it alone (crontab(5)). cron ends the command at a `%`
 * without a backslash, and removes that backslash. Outside the quotes, the shell removes it too if cron
 * does not (busybox). Crons differ on two backslashes in a row, and on one before `\%`, so neither occurs.
 *
 * As the `SHELL` of a crontab, csh replaces a `!` even in quotes, and zsh a `=` at the beginning.
 */
export function quoteForCron(argument: string): string {
  if (PLAIN.test(argument)) return argument;
  return `'${argument
    .replaceAll("'", "'\\''")
    .replaceAll(/[%!]/g, "'\\$&'")
    .replaceAll(/\\(?=\\)/g, "\\''")}'`;
}

/** The words of a line for `/bin/sh`, with their quotes. A quote that does not end is an ordinary character. */
export function wordsForShell(line: string): string[] {
  return line.match(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|\S)+/g) ?? [];
}

/** The same for `ExecStart=` and for Windows, as they are quoted here: outside of quotes, a backslash means itself. */
export function words(line: string): string[] {
  return line.match(/(?:"(?:[^"\\]|\\.)*(?:"|$)|\S)+/g) ?? [];
}

/** The path that a word stands for. Empty if there are characters in it that may be escaped, each in its own way. */
export function pathIn(word: string): string {
  return /^(["']?)([^"'\\%$]*)\1$/.exec(word)?.[2] ?? '';
}

/** For `ExecStart=` (systemd.service(5), "Command lines"). */
export function quoteForSystemd(argument: string): string {
  return quoteSystemdPath(argument).replaceAll('$', '$$$$');
}

/** For the program in `ExecStart=`, and for settings with paths: `$` is an ordinary character there. */
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
 * For a Windows command line, by the rules of Microsoft's C runtime: a backslash is literal unless a quote follows. Before that, the
 * Task Scheduler replaces `%NAME%` and `$(Arg0)`, quoted or not, and has no escape for them. But it knows no variable
 * with a quote in its name.
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
