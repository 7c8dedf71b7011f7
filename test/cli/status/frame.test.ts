import { expect, it } from 'vitest';
import { frameOf } from '../../../src/cli/status/frame.js';
import { lockStatus } from '../../../src/cli/status/lock-status.js';
import type { Inspection } from '../../../src/index.js';

it.each([
  ['dead', 'its process no longer exists', /^job is dead: .* no longer exists\. The next run takes over\.$/],
  [
    'foreign',
    'it is another kind of file',
    /^job is foreign: .* file\. No run can take it; name another path\.$/,
  ],
] as const)('status says what the next run will do with a lock that is %s', (state, reason, remark) => {
  const inspection: Inspection = {
    name: '/srv/job',
    state,
    reason,
    holder: null,
    heartbeatAge: null,
    processes: [],
  };
  const lines = frameOf([lockStatus('job', inspection)], () => '/srv', {
    columns: Number.POSITIVE_INFINITY,
    paint: (_style, text) => text,
  });
  expect(lines.at(-1)).toMatch(remark);
});
