import { expect, test } from 'vitest';
import { randomUuid } from '../../src/system/uuid.js';

test('UUIDs are of version 4, and differ', () => {
  const all = Array.from({ length: 1000 }, randomUuid);
  for (const uuid of all)
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(all).size).toBe(all.length);
});
