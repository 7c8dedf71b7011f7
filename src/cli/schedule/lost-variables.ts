/** A variable of libpq, and what in an address takes its place: a part of it, or a parameter of its query. */
const VARIABLES: readonly (readonly [variable: string, place: string])[] = [
  ['PGHOST', 'host'],
  ['PGPORT', 'port'],
  ['PGUSER', 'user'],
  ['PGPASSWORD', 'password'],
  ['PGPASSFILE', 'password'],
  ['PGDATABASE', 'database'],
  ['PGSSLMODE', 'sslmode'],
  ['PGOPTIONS', 'options'],
];

/** Not a `URL`: without a host, as `pg` accepts it, there may still be a user. */
const PARTS =
  /^postgres(?:ql)?:(?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<host>\[[^\]]*\]|[^:/?#]*)(?::(?<port>\d*))?(?:\/(?<database>[^?#]*))?)?(?:\?(?<query>[^#]*))?/i;

/**
 * The variables of this environment that an address of PostgreSQL leaves something to, and that a scheduler's job does not get.
 *
 * @param address That of any store.
 */
export function lostVariables(address: string, env: NodeJS.ProcessEnv): readonly string[] {
  const parts = PARTS.exec(address)?.groups;
  if (parts === undefined) return [];
  const query = new URLSearchParams(parts['query']);
  return VARIABLES.filter(([variable, place]) => env[variable] && !parts[place] && !query.get(place)).map(
    ([variable]) => variable,
  );
}

/** What to say about it, by name only: the values may be secrets. */
export function notesOnDatabase(address: string, env: NodeJS.ProcessEnv): readonly string[] {
  const lost = lostVariables(address, env);
  if (lost.length === 0) return [];
  return [
    `The job does not get ${lost.join(', ')} from this environment. Write what it needs into the address of the store ` +
      '(postgres://USER@HOST:PORT/DATABASE?sslmode=MODE), and the password into ~/.pgpass of its user.',
  ];
}
