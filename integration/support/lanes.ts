/**
 * Counts upwards from 1 and calls `visit` with each number, several at a time, each in a lane with its own resource, until
 * it returns `false`: there is no such number. Returns the last existing number. When one fails, all finish first.
 */
export async function countInLanes<Lane>(
  lanes: readonly Lane[],
  visit: (number: number, lane: Lane) => Promise<boolean>,
): Promise<number> {
  const failures: unknown[] = [];
  let next = 1;
  let end = Number.POSITIVE_INFINITY;
  const count = async (lane: Lane) => {
    while (next < end && failures.length === 0) {
      const number = next++;
      if (!(await visit(number, lane))) end = Math.min(end, number);
    }
  };
  await Promise.all(lanes.map((lane) => count(lane).catch((error) => failures.push(error))));
  if (failures.length > 0) throw failures[0];
  return end - 1;
}
