/** Where drivers, and the libraries around them, keep the error that they wrap, or what they know about it. */
const LINKS = [
  'cause',
  'original', // Sequelize 6
  'parent', // Sequelize 6
  'driverError', // TypeORM
  'sourceError', // Neon
  'meta', // Prisma
  'driverAdapterError', // Prisma, in `meta`
] as const;

/** Nobody wraps an error this often. */
const LONGEST_CHAIN = 30;

/** An error and everything that it wraps, each once, from the outside in. */
export function errorChain(error: unknown): readonly object[] {
  const chain = new Set<object>();
  const add = (link: unknown): void => {
    if (typeof link !== 'object' || link === null || chain.size === LONGEST_CHAIN) return;
    if (chain.has(link)) return;
    chain.add(link);
    for (const name of LINKS) add(Reflect.get(link, name));
  };
  add(error);
  return [...chain];
}

/** The text in that field of an error, or `null`. */
export function textIn(link: object, field: string): string | null {
  const text: unknown = Reflect.get(link, field);
  return typeof text === 'string' && text !== '' ? text : null;
}
