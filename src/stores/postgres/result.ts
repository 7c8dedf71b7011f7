/** The rows of a result, each an object with a property for each column, or an object that has them. */
export type PostgresResult = readonly unknown[] | { readonly rows: readonly unknown[] };

/** Throws a `TypeError` for what drivers return if they are asked for something else, such as rows without names, or rows and their number. */
export function rowsOf(result: PostgresResult): readonly unknown[] {
  const rows: unknown = Array.isArray(result) ? result : Reflect.get(Object(result), 'rows');
  if (Array.isArray(rows) && rows.every(isObject)) return rows;
  throw new TypeError(
    'the method `query` of the connection must resolve to the rows, as objects, or to an object with `rows`',
  );
}

function isObject(row: unknown): boolean {
  return typeof row === 'object' && row !== null && !Array.isArray(row);
}
