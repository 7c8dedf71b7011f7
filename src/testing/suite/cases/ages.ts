import assert from 'node:assert/strict';
import type { Rules } from './case.js';

/** So many milliseconds a test lets pass to see the age of a heartbeat change, whatever the resolution of the store's clock. */
const A_WHILE = 30;

/** How old the store says that heartbeats are. */
export const ages: Rules = {
  async 'lets a heartbeat grow old, from the last one on'(stage) {
    const holder = stage.claim();
    await stage.hold(holder);
    assert.ok((await stage.find()).age >= 0, 'An age is negative.');
    await stage.until(
      async () => (await stage.find()).age >= A_WHILE,
      'The age of a heartbeat does not grow. Is it in milliseconds?',
    );
    // However slow the machine is, sooner or later nothing comes between a heartbeat and looking at it.
    await stage.until(async () => {
      await stage.store.beat(stage.name, holder.token, {});
      return (await stage.find()).age < A_WHILE;
    }, 'A heartbeat does not become young again.');
  },

  async 'counts in milliseconds, as this process does'(stage) {
    const before = performance.now();
    await stage.hold();
    const after = performance.now();
    await stage.until(async () => performance.now() - after >= 10 * A_WHILE, 'Time does not pass.');
    const atLeast = performance.now() - after;
    const { age } = await stage.find();
    const atMost = performance.now() - before;
    // Clocks differ a little in how fast they go and in how finely they count.
    assert.ok(age >= atLeast * 0.9 - 5, `After ${atLeast} milliseconds the age is ${age}.`);
    assert.ok(age <= atMost * 1.1 + 5, `After ${atMost} milliseconds the age is ${age}.`);
  },

  async 'counts from a takeover anew'(stage) {
    await stage.hold();
    await stage.until(
      async () => (await stage.find()).age >= A_WHILE,
      'The age of a heartbeat does not grow.',
    );
    await stage.until(async () => {
      await stage.hold(stage.claim(), (await stage.find()).version);
      return (await stage.find()).age < A_WHILE;
    }, 'The heartbeat of who has taken over is as old as that of the holder before.');
  },
};
