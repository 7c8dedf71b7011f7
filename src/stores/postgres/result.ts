/** The rows of a result, each an object with a property for each column; an object with these `rows`; or, as from a TypeORM `UPDATE`, the rows and their number. */
export type PostgresResult = readonly unknown[] | { readonly rows: readonly unknown[] };

/** Throws a `TypeError` for what drivers return if they are asked for something else, such as rows without names, or rows and more about them. */
export function rowsOf(result: PostgresResult): readonly unknown[] {
  const answer: unknown = Array.isArray(result) ? result : Reflect.get(Object(result), 'rows');
  const rows = isWithNumber(answer) ? answer[0] : answer;
  if (Array.isArray(rows) && rows.every(isObject)) return rows;
  throw new TypeError(
    'the method `query` of the connection must resolve to the rows, as objects, or to an object with `rows`',
  );
}

/** Whether these are rows and their number. */
function isWithNumber(answer: unknown): answer is readonly [unknown, number] {
  return Array.isArray(answer) && answer.length === 2 && typeof answer[1] === 'number';
}

function isObject(row: unknown): boolean {
  return typeof row === 'object' && row !== null && !Array.isArray(row);
}
