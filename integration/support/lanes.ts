/**
 * Counts upwards from 1 and calls `visit` with each number, several at a time, each in a lane with something of its own, until
 * it gives `false`: there is no such number. Gives the last one that there is. When one fails, all come to an end first.
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
