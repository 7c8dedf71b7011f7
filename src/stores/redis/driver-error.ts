import { NOT_READY } from '../../core/acquire/claims-in-doubt.js';
import { ErrLockStore, LivingLockError } from '../../core/errors.js';
import { isError } from '../../system/is-error.js';
import { messageOf } from '../../system/message-of.js';
import { errorChain } from '../shared/error-chain.js';
import { ifChanged } from '../shared/if-changed.js';

// Redis begins its errors with a code in capitals. Drivers report connection errors with a system code, or with the name of a class
// that only node-redis uses, or, in ioredis, only in words.

/**
 * Whether to send it again while there is time: the server is not ready and has done nothing; or the connection was lost,
 * and nobody knows. Each script does nothing if it was carried out before, or finds its own token.
 */
export function isPassing(error: unknown, inCluster: boolean): boolean {
  return isNotReady(error, inCluster) || LOST_CONNECTION.includes(identify(error).code);
}

/** Redis itself has answered that it cannot do it yet. */
export function isNotReady(error: unknown, inCluster: boolean): boolean {
  const { code } = identify(error);
  // While a key is moved, its nodes may disagree for longer than the client of a cluster follows them. Another client follows none.
  return NOT_READY.includes(code) && (inCluster || !SENT_ON.includes(code));
}

/** Puts what was attempted in front of a driver's error, and what to do after it. */
export function storeError(lock: string, attempted: string, error: unknown, inCluster: boolean): unknown {
  if (error instanceof LivingLockError || error instanceof TypeError) return error;
  const { code, reason } = identify(error);
  return ErrLockStore.of(lock, attempted, {
    code,
    reason,
    remedy: inCluster && SENT_ON.includes(code) ? MOVING : remedyFor(code, reason, attempted),
    cause: error,
  });
}

const LOST_CONNECTION = [
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ENOTCONN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'SocketClosedUnexpectedlyError',
  // The client of a cluster drops a node. If the user has closed the client, the next attempt says that.
  'DisconnectsClientError',
  'SocketTimeoutError',
  'ConnectionTimeoutError',
  'ClientOfflineError',
  'RootNodesUnavailableError',
  'MaxRetriesPerRequestError',
  'ClusterAllFailedError',
  'AbortError',
  'TimeoutError',
];

/** The key is on another node. */
const SENT_ON = ['MOVED', 'ASK'];

/** Redis before 7.0 reports an error in a script like this: `ERR Error running script (…): @user_script:9: -READONLY You …`. */
const IN_SCRIPT =
  /^ERR Error running script .*?@user_script: ?\d+: (?:@user_script: ?\d+: )?-?(?=[A-Z]{2,} )/s;
/** Redis 7.0 and later add where in which script it happened. */
const PLACE = / script: [0-9a-f]{40}, on @user_script:\d+\.?$/;
/** And they report a command that the user may not run like this; elsewhere it is a `NOPERM`. */
const NO_RIGHT = /^ERR (?:ACL failure in script: |(?=The user executing the script ))/;
/** The client of a cluster has followed the answers of its nodes for long enough. Elsewhere their last answer is the `cause`. */
const REDIRECTED = /^Too many Cluster redirections\. Last error: \w+: (?=[A-Z]{2,} )/;
/** They repeat the beginning of a command that they do not know. For us, that is a script. */
const ARGUMENTS = /, with args beginning with: .*$/s;
/** But a connection that has subscribed to channels gets no code of its own. */
const CODE = /^(?!ERR Can't execute ')([A-Z]{2,}) /;
const LONG_NAME = /^[A-Z]\w+Error$/;

/** By how the messages of drivers begin: ioredis has no class for some errors, and in a minified bundle classes lose their names. */
const BY_WORDS: readonly (readonly [words: string, code: string])[] = [
  ['Connection is closed.', 'ClientClosedError'],
  ['The client is closed', 'ClientClosedError'],
  ["Stream isn't writeable and enableOfflineQueue options is false", 'ClientOfflineError'],
  ['The client is offline', 'ClientOfflineError'],
  ["ERR Can't execute '", 'SubscriberModeError'],
  ['Connection in subscriber mode', 'SubscriberModeError'],
  ['Command timed out', 'TimeoutError'],
  ['Command timeout during maintenance.', 'TimeoutError'],
  ['Socket timeout', 'SocketTimeoutError'],
  ['Socket closed unexpectedly', 'SocketClosedUnexpectedlyError'],
  ['Disconnects client', 'DisconnectsClientError'],
  ['Connection timeout', 'ConnectionTimeoutError'],
  ['All the root nodes are unavailable', 'RootNodesUnavailableError'],
  ['Reached the max retries per request limit', 'MaxRetriesPerRequestError'],
  ['Cannot find node ', 'RootNodesUnavailableError'],
  ['Failed to refresh slots cache.', 'ClusterAllFailedError'],
  ['Too many Cluster redirections. Last error: Error: Connection is closed.', 'ClusterAllFailedError'],
  ['The command was aborted', 'AbortError'],
];

/** Looks through the errors that wrap the error of a driver. */
function identify(error: unknown): { readonly code: string; readonly reason: string } {
  const chain = errorChain(error).map((link) => ({ code: codeOf(link), reason: wordsOf(link) }));
  return (
    chain.find(({ code }) => NOT_READY.includes(code) || REMEDIES.has(code)) ??
    chain[0] ?? { code: codeOf(error), reason: wordsOf(error) }
  );
}

function codeOf(error: unknown): string {
  if (!isError(error)) return 'REDIS_ERROR';
  const [, code] = CODE.exec(wordsOf(error)) ?? [];
  if (code !== undefined) return code;
  if ('code' in error && typeof error.code === 'string') return error.code;
  const [, byWords] = BY_WORDS.find(([words]) => error.message.startsWith(words)) ?? [];
  const { name } = error.constructor;
  // The name of a minified class says nothing.
  return byWords ?? (LONG_NAME.test(name) ? name : 'REDIS_ERROR');
}

function wordsOf(error: unknown): string {
  const words = messageOf(error);
  return words
    .replace(REDIRECTED, '')
    .replace(IN_SCRIPT, '')
    .replace(NO_RIGHT, 'NOPERM ')
    .replace(PLACE, '')
    .replace(ARGUMENTS, '')
    .replace(/[.\s]+$/, '');
}

const PERMIT =
  'Give this Redis user the right to run scripts, and the commands in them, on keys with the prefix: ' +
  '`ACL SETUSER name ~livinglock:* +eval +evalsha +time +hgetall +hset +hdel`. ' +
  'To list the locks, it also needs `+scan +hmget`.';
const SWITCHED_OFF =
  'The server has that command switched off (`rename-command`), or does not have it. ' +
  'livinglock needs EVAL, EVALSHA, TIME, HGETALL, HSET and HDEL; to list the locks, also SCAN and HMGET.';
const REACH = 'Check that Redis is running and can be reached from here.';

const CLUSTER =
  'This is a cluster, which the command cannot use. A program can: with `createCluster` of node-redis, or `Cluster` of ioredis.';

const MOVING =
  'The nodes of the cluster disagree about where the key is: see `redis-cli --cluster check`. Nothing was changed; call again.';

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['READONLY', 'Connect to the primary: this is a replica, which cannot hold locks.'],
  [
    'NOREPLICAS',
    'Redis refuses writes without enough replicas (`min-replicas-to-write`): check the replicas.',
  ],
  ['NOAUTH', 'Give the client the Redis password.'],
  ['WRONGPASS', 'Give the client the right Redis user and password.'],
  ['NOPERM', PERMIT],
  [
    'WRONGTYPE',
    'The key is used for something else; it was left as it is. Choose another name or, in a program, another `prefix` for the locks.',
  ],
  [
    'OOM',
    'Redis has no memory left: raise `maxmemory`, and use no `maxmemory-policy` that evicts keys without a TTL.',
  ],
  ['MISCONF', 'Redis cannot write its snapshots and refuses writes: check its log and its disk.'],
  ['LOADING', 'Redis takes too long to load its data. Call again.'],
  ['BUSY', 'Another script is blocking Redis: see `SCRIPT KILL`. Nothing was changed; call again.'],
  ['CLUSTERDOWN', 'Nodes of the cluster are missing: see `CLUSTER INFO`. Nothing was changed; call again.'],
  ['MOVED', CLUSTER],
  ['ASK', CLUSTER],
  ['TRYAGAIN', 'The cluster is moving the key. Nothing was changed; call again.'],
  [
    'ClientClosedError',
    'Connect the client before the first lock, and keep it open until the last is released.',
  ],
  [
    'SubscriberModeError',
    'This connection has subscribed to channels, and can do nothing else: give the store one of its own, such as `client.duplicate()`.',
  ],
  ['ETIMEDOUT', REACH],
  ...LOST_CONNECTION.map((code) => [code, REACH] as const),
]);

function remedyFor(code: string, reason: string, attempted: string): string {
  if (/\bunknown (?:redis )?command\b/i.test(reason)) return SWITCHED_OFF;
  const remedy = REMEDIES.get(code) ?? '';
  return remedy === REACH ? `${REACH}${ifChanged(attempted)}` : remedy;
}
