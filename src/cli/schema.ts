import { UsageError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { defineCommand } from './grammar/command-definition.js';
import { print } from './terminal/messages.js';

export const SCHEMA = defineCommand({
  name: 'schema',
  summary: 'print the SQL that creates the table in a database',
  description:
    'Prints the SQL that creates the table of locks in a database, for projects whose migrations own the schema. Otherwise the first run creates the table. Redis needs none.',
  options: {
    table: {
      flags: '--table <name>',
      description: 'the name of the table (default: livinglock, or livinglock_fences)',
    },
    schema: {
      flags: '--schema <name>',
      description: 'the schema of the table (default: the first of the search path); PostgreSQL',
    },
    fences: {
      flags: '--fences',
      description: 'the table of fences instead, for jobs that are not written in JavaScript',
    },
  },
  operands: {
    database: { term: '<database>', description: 'the database', choices: ['postgres', 'sqlite'] },
  },
  notes: `Examples:
  livinglock schema postgres | psql shop
  livinglock schema sqlite | sqlite3 /var/lib/shop/locks.db
  livinglock schema postgres --schema ops --table job_locks > migrations/042-job-locks.sql
  livinglock schema postgres --fences | psql shop

The command itself uses only the default name, in the schema that the address of the store names (postgres://…/shop?schema=ops). The library accepts other names.`,
  async run({ database, fences, table, schema }) {
    await print(await schemaOf(database, fences, table, schema));
    return ExitCode.ok;
  },
});

async function schemaOf(
  database: 'postgres' | 'sqlite',
  isOfFences: boolean,
  tableName: string | undefined,
  schema: string | undefined,
): Promise<string> {
  try {
    if (database === 'postgres') {
      const { postgresSchema, fenceSchema } = await import('../stores/postgres/index.js');
      return `${(isOfFences ? fenceSchema : postgresSchema)({ tableName, schema })};`;
    }
    const { sqliteSchema, fenceSchema } = await import('../stores/sqlite/index.js');
    if (schema !== undefined) throw new TypeError('SQLite has no schemas.');
    return `${(isOfFences ? fenceSchema : sqliteSchema)({ tableName })};`;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}
