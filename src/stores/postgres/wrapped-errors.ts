import { messageOf } from '../../system/message-of.js';
import { errorChain, textIn } from '../shared/error-chain.js';

// PostgreSQL identifies an error by five characters (https://www.postgresql.org/docs/current/errcodes-appendix.html), Node by a
// name such as ECONNREFUSED, postgres.js by one such as CONNECTION_CLOSED, Bun by the same after ERR_POSTGRES_, Prisma by a number,
// and `pg` reports connection errors only in words. Query builders and ORMs pass these errors on, or wrap them.

/** The code for a pool of which all connections are in use. */
export const POOL_USED_UP = 'POOL_USED_UP';

/** What an error means. */
interface Identity {
  readonly code: string;
  /** The words of the error that the code is from, without those of its wrappers, which repeat the statement. */
  readonly message: string;
}

/** Tells what went wrong, from any driver or wrapper. */
export function identify(error: unknown): Identity {
  const chain = errorChain(error);
  for (const [codeOf, links] of [
    // What a driver says is innermost; in words, the outermost say most.
    [codeOfDriver, chain.toReversed()],
    [codeInWords, chain],
    [codeOfPrisma, chain.toReversed()],
    [ownCode, chain],
  ] as const) {
    for (const link of links) {
      const code = codeOf(link);
      if (code !== null) return { code, message: wordsOf(link) ?? wordsOf(error) ?? messageOf(error) };
    }
  }
  return { code: 'XX000', message: wordsOf(error) ?? messageOf(error) };
}

/** Whether it arose in a function that the statement has called, such as one of a trigger. Some wrappers hide that. */
export function isInFunction(error: unknown): boolean {
  return errorChain(error).some((link) => textIn(link, 'where') !== null);
}

/** Five characters, but not one of Prisma's numbers; a system's; or one of postgres.js and Bun. Bun has the five characters in `errno`. */
const DRIVER_CODE = /^(?:(?!P[1-9])[\dA-Z]{5}|E[A-Z\d]{3,}|CONNECT(?:_TIMEOUT|ION_[A-Z]+))$/;

function codeOfDriver(link: object): string | null {
  const code = textIn(link, 'code')?.replace(/^ERR_POSTGRES_/, '') ?? null;
  const codes = [code, textIn(link, 'originalCode'), textIn(link, 'errno')];
  return codes.find((each) => each !== null && DRIVER_CODE.test(each)) ?? null;
}

/** What is said only in words, and the code that it means. */
const WORDS: readonly (readonly [words: RegExp, code: string])[] = [
  [/^Connection terminated due to connection timeout/, '08001'],
  [/^Connection terminated/, '08006'],
  [/not queryable/, '08003'],
  // pg-pool, Knex, Sequelize, in this order.
  [/^timeout exceeded when trying to connect|Timeout acquiring a connection/, POOL_USED_UP],
  [/^SequelizeConnectionAcquireTimeoutError$/, POOL_USED_UP],
  [/timeout expired/, '08001'],
  [/^Query read timeout/, 'ETIMEDOUT'],
  [/password must be a (?:non-empty )?string/, '28P01'],
  [/after calling end on the pool|is closed/, '08003'],
];

function codeInWords(link: object): string | null {
  const said = [messageIn(link), textIn(link, 'name')].filter((text) => text !== null);
  return WORDS.find(([words]) => said.some((text) => words.test(text)))?.[1] ?? null;
}

/** Prisma's own numbers (https://www.prisma.io/docs/orm/reference/error-reference), and the kinds of its driver adapters, where they hide the driver's code. */
const PRISMA: ReadonlyMap<string, string> = new Map([
  ['P1000', '28P01'],
  ['P1001', '08001'],
  ['P1002', 'ETIMEDOUT'],
  ['P1003', '3D000'],
  ['P1008', 'ETIMEDOUT'],
  ['P1017', '08006'],
  ['P2021', '42P01'],
  ['P2024', POOL_USED_UP],
  ['P2034', '40001'],
  ['P2037', '53300'],
  ['ConnectionClosed', '08006'],
  ['DatabaseNotReachable', '08001'],
  ['SocketTimeout', 'ETIMEDOUT'],
]);

function codeOfPrisma(link: object): string | null {
  const codes = [textIn(link, 'code'), textIn(link, 'errorCode'), textIn(link, 'kind')];
  return codes.map((code) => PRISMA.get(code ?? '')).find((code) => code !== undefined) ?? null;
}

function ownCode(link: object): string | null {
  return textIn(link, 'code');
}

/** If a host has several addresses and none of them answers, each has its own message. */
function wordsOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('errors' in error && Array.isArray(error.errors) && messageIn(error) === null)
    return error.errors.map(messageOf).join(', ');
  return messageIn(error) ?? textIn(error, 'originalMessage');
}

/** Knex puts the statement in front of the message, in the error itself. */
const STATEMENT = /^(?:CREATE|DO|INSERT|LOCK|SELECT|UPDATE|WITH) .* - /s;

function messageIn(link: object): string | null {
  return textIn(link, 'message')?.replace(STATEMENT, '') ?? null;
}
