import type { ContentionFigures, FileSystemReport, FileSystemVerdict } from './file-system-report.js';

const HEADLINES: Readonly<Record<FileSystemVerdict, string>> = {
  safe: 'safe: the guarantees hold here',
  limited: 'limited: never two at once, but not all guarantees hold here, or can be known to',
  unsafe: 'UNSAFE: do not keep a lock here',
};

const MARKS: Readonly<Record<FileSystemVerdict, string>> = {
  safe: 'ok',
  limited: 'limited',
  unsafe: 'UNSAFE',
};

/** The report for people, in several lines; the last one ends without a line break. */
export function formatFileSystemReport(report: FileSystemReport): string {
  const { directory, fileSystem, verdict, findings, advice, figures } = report;
  return [
    `${directory} (${fileSystem ?? 'unknown file system'}) is ${HEADLINES[verdict]}.`,
    '',
    ...findings.map((finding) => `  ${MARKS[finding.verdict].padEnd(9)}${finding.message}`),
    '',
    describeFigures(figures),
    ...(advice === null ? [] : ['', advice]),
  ].join('\n');
}

function describeFigures(figures: ContentionFigures): string {
  const { processes, duration, acquisitions, turnedAway, heartbeats, postponed, killed, killedHolding } =
    figures;
  return (
    `${processes} processes on this machine, ${(duration / 1000).toFixed(1)} s: ${acquisitions} acquisitions, ` +
    `${turnedAway} times busy, ${heartbeats} heartbeats, ${postponed} tried again, ${killed} killed, ${killedHolding} of them holding the lock.`
  );
}
