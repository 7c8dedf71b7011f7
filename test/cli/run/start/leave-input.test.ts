import { afterEach, expect, it, vi } from 'vitest';
import { whenNothingOpens } from '../../../../src/cli/run/start/leave-input.js';

afterEach(() => {
  vi.useRealTimers();
});

it.each(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap'])(
  'the input is left only when nothing else can get its number: not during a %s',
  (name) => {
    vi.useFakeTimers();
    let active = ['PipeWrap', name];
    const act = vi.fn();
    whenNothingOpens(act, () => active);
    vi.advanceTimersByTime(1000);
    expect(act).not.toHaveBeenCalled();
    active = ['PipeWrap', 'Timeout'];
    vi.advanceTimersByTime(100);
    expect(act).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(act).toHaveBeenCalledTimes(1);
  },
);

it('the input is left at once if nothing is opened', () => {
  const act = vi.fn();
  whenNothingOpens(act, () => []);
  expect(act).toHaveBeenCalledTimes(1);
});
