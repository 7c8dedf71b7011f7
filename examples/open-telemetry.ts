// What happens to locks, as spans and metrics of OpenTelemetry: one job is skipped, and one loses its lock.
//
//     npm run example -- open-telemetry
//
// Copy `open-telemetry/observe-locks.ts`, and call its functions once, before the first lock is acquired. Instead of what is below, use the exporters
// that your program has anyway.

import { join } from 'node:path';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { breakLock, tryWithLock } from 'livinglock';
import { measureLocks, traceLocks } from './open-telemetry/observe-locks.js';

const spanExporter = new InMemorySpanExporter();
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
traceLocks(tracers.getTracer('jobs'));
measureLocks(meters.getMeter('jobs'));

const path = process.argv[2] ?? join(import.meta.dirname, 'open-telemetry.lock');
const options = { heartbeatMinimalInterval: 0 } as const;

await tryWithLock(path, options, async (lock) => {
  await lock.heartBeat({ progress: 0.5, note: 'half-way' });
  await tryWithLock(path, options, () => {});
});
await tryWithLock(path, options, async (lock) => {
  await breakLock(path, { force: true });
  await lock.heartBeat();
}).catch((error) => console.error(error.message));

await meters.forceFlush();
for (const { name, attributes, events, status } of spanExporter.getFinishedSpans()) {
  print({ span: name, attributes, events: events.map((event) => event.name), status: status.code });
}
for (const { descriptor, dataPoints } of exporter.getMetrics().flatMap(metricsOf)) {
  for (const { attributes, value } of dataPoints) print({ metric: descriptor.name, attributes, value });
}
await meters.shutdown();

function metricsOf({ scopeMetrics }: ReturnType<typeof exporter.getMetrics>[number]) {
  return scopeMetrics.flatMap(({ metrics }) => metrics);
}

function print(line: object): void {
  console.log(JSON.stringify(line));
}
