import { type Meter, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { channels, type LockEvent } from 'livinglock';

/** Makes a span for each time that a lock is held. It belongs to the trace in which the lock was acquired. */
export function traceLocks(tracer: Tracer): void {
  /** By the token of the acquisition. */
  const spans = new Map<string, Span>();

  channels.acquired.subscribe(({ lock, token, fencingToken, waited, predecessor }) => {
    const attributes = {
      'livinglock.lock': lock,
      'livinglock.fencing_token': fencingToken,
      'livinglock.waited': seconds(waited),
      'livinglock.predecessor': predecessor?.state,
    };
    spans.set(token, tracer.startSpan('hold lock', { attributes }));
  });
  channels.heartbeat.subscribe(({ token, progress }) => {
    const { ratio, note } = progress ?? {};
    spans.get(token)?.addEvent('heartbeat', { ratio: ratio ?? undefined, note: note ?? undefined });
  });
  channels.lost.subscribe(({ token, error }) => {
    const span = spans.get(token);
    span?.recordException(error);
    span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    end(token);
  });
  channels.released.subscribe(({ token }) => end(token));

  function end(token: string): void {
    spans.get(token)?.end();
    spans.delete(token);
  }
}

/** Counts and measures what happens to locks. */
export function measureLocks(meter: Meter): void {
  const waited = meter.createHistogram('livinglock.waited', { unit: 's' });
  const skipped = meter.createCounter('livinglock.skipped');
  const takeovers = meter.createCounter('livinglock.takeovers');
  // Raise an alarm before it reaches `staleTimeout`, not after the lock was lost.
  const interval = meter.createHistogram('livinglock.heartbeat.interval', { unit: 's' });
  const lost = meter.createCounter('livinglock.lost');
  const held = meter.createHistogram('livinglock.held', { unit: 's' });

  channels.acquired.subscribe((event) => waited.record(seconds(event.waited), of(event)));
  channels.busy.subscribe((event) => skipped.add(1, of(event)));
  channels.takeover.subscribe((event) => {
    takeovers.add(1, { ...of(event), 'livinglock.predecessor': event.predecessor.state });
  });
  channels.heartbeat.subscribe((event) => interval.record(seconds(event.interval), of(event)));
  channels.lost.subscribe((event) => lost.add(1, of(event)));
  channels.released.subscribe((event) => held.record(seconds(event.held), of(event)));
}

/** The lock's name only: with the token, each acquisition would be a time series of its own. */
function of({ lock }: LockEvent) {
  return { 'livinglock.lock': lock };
}

function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}
