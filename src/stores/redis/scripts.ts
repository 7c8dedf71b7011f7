import { LATEST_FENCING_TIME } from '../shared/fencing-time.js';
import { type Script, scriptOf } from './client.js';
import { TIME_TEXT } from './time-text.js';

// The operations of a store in Lua. Redis runs a script alone, from beginning to end, so what it reads stays the same
// until it changes it. A script that fails half-way is not undone, so each makes one change, with one command.

/**
 * The beginning of every script: the time, and the lock as it is. The first argument is its name; a hash without it is somebody
 * else's. Numbers are doubles in Lua 5.1, exact up to 2^53, and `tostring` would write them with 14 digits.
 */
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function whole(number) return string.format('%.0f', number) end

${TIME_TEXT}
local function after(milliseconds)
  local number = tonumber(milliseconds)
  return number and text(now + number) or ''
end

local lock = {}
local function take(fields)
  for i = 1, #fields, 2 do lock[fields[i]] = fields[i + 1] end
end
take(redis.call('HGETALL', KEYS[1]))
if next(lock) and lock.lock_name ~= ARGV[1] then
  return redis.error_reply('WRONGTYPE The hash at this key is not a lock')
end
local held = (lock.lock_owner or '') ~= ''
local retired = (lock.hold_ms or '') ~= ''
local version = (lock.fencing_token or '') .. ' ' .. (lock.revision or '') .. ' ' .. (lock.token or '')

local function change(fields)
  redis.call('HSET', KEYS[1], unpack(fields))
  take(fields)
end
local function answer(outcome)
  local reply = { outcome, whole(now) }
  for field, value in pairs(lock) do
    reply[#reply + 1] = field
    reply[#reply + 1] = value
  end
  return reply
end
local function revised() return whole((tonumber(lock.revision) or 0) + 1) end
`;

const operation = (body: string) => scriptOf(PRELUDE + body);

/** Parameters: name. */
export const READ: Script = operation(`return answer('found')`);

/**
 * Parameters: name, version to replace (empty: nobody must hold the lock), owner, token, stale timeout, holder, details and workers.
 *
 * A network may deliver it again, long after its repetition was answered and the lock was released. The hash keeps the token of the last holder.
 *
 * The fencing token counts on from the hash, which stays after a release. If somebody deleted the hash, the time takes its place; it
 * also lets a lock move here from a file.
 */
export const CLAIM: Script = operation(`
local over, owner, token, timeout, holder, details, workers = unpack(ARGV, 2)
if held ~= (over ~= '') or held and version ~= over then return answer('found') end
if not held and lock.token == token then return answer('found') end
local microseconds = math.min(time[1] * 1000000 + time[2], ${LATEST_FENCING_TIME})
local fencing = whole(math.max((tonumber(lock.fencing_token) or 0) + 1, microseconds))
local robbed = held and not retired
change({
  'lock_name', ARGV[1], 'lock_owner', owner, 'lock_time', text(now), 'expires_at', after(timeout), 'heartbeat_at', text(now),
  'token', token, 'fencing_token', fencing, 'released_since', not robbed and lock.released_since or fencing,
  'revision', revised(), 'stale_timeout_ms', timeout, 'hold_ms', '', 'holder', holder, 'details', details,
  'workers', workers, 'progress', ''
})
return answer('done')
`);

/** Parameters: name, version. */
export const CONFIRM: Script = operation(`
if not held or version ~= ARGV[2] then return answer('found') end
change({ 'revision', lock.revision or '' })
return answer('done')
`);

/** Parameters: name, token, workers and progress (empty: unchanged). */
export const BEAT: Script = operation(`
local token, workers, progress = unpack(ARGV, 2)
if not held or retired or lock.token ~= token then return answer('found') end
change({
  'heartbeat_at', text(now), 'expires_at', after(lock.stale_timeout_ms), 'revision', revised(),
  'workers', workers ~= '' and workers or lock.workers or '', 'progress', progress ~= '' and progress or lock.progress or ''
})
return answer('done')
`);

/**
 * Parameters: name, token, how many milliseconds the lock still counts as held (empty: it does not), and fencing token (empty:
 * unknown).
 *
 * A release sent again because its answer was lost may find its own token, in a lock that is free or that is held after its release. Or it
 * finds the token of somebody who has acquired the lock since. Nobody was robbed in between if all holders from the fencing token on released
 * the lock themselves, see `released_since`.
 *
 * What ran, as whom, where and how far is no longer needed, and is cleared. A full Redis refuses `HSET`, but not `HDEL`, so a lock can
 * still be released.
 */
export const REMOVE: Script = operation(`
local token, hold, fencing = unpack(ARGV, 2)
if lock.token ~= token then
  local own, since, last = tonumber(fencing), tonumber(lock.released_since), tonumber(lock.fencing_token)
  return answer(own and since and last and own >= since and own < last and 'done' or 'found')
end
if not held then return answer('done') end
if hold == '' then
  redis.call('HDEL', KEYS[1], 'lock_owner', 'lock_time', 'expires_at', 'hold_ms', 'details', 'workers', 'progress')
elseif not retired then
  change({
    'heartbeat_at', text(now), 'expires_at', after(hold), 'revision', revised(), 'hold_ms', hold, 'details', '', 'workers', '',
    'progress', ''
  })
end
return answer('done')
`);

/**
 * One step of a scan through all keys of the server. Parameters: cursor, with the prefix as the key, because a driver that puts its own prefix before
 * keys does so with this one too. Returns the next cursor, and the names of the locks found in this step.
 */
export const NAMES: Script = scriptOf(`
local pattern = string.gsub(KEYS[1], '[%*%?%[%]\\\\]', '\\\\%0') .. '*'
local step = redis.call('SCAN', ARGV[1], 'MATCH', pattern, 'COUNT', 1000)
local reply = { step[1] }
for _, key in ipairs(step[2]) do
  local fields = redis.pcall('HMGET', key, 'lock_name', 'lock_owner')
  if fields.err and not string.find(fields.err, 'WRONGTYPE') then return fields end
  if not fields.err and fields[1] and fields[2] and fields[2] ~= '' and KEYS[1] .. fields[1] == key then
    reply[#reply + 1] = fields[1]
  end
end
return reply
`);
