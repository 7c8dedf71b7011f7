import { type RedisConnection, redisStore } from '../../stores/redis/index.js';
import { driverMissing, isMissing, type OpenStore } from './open-store.js';
import { placeOf } from './place.js';

/** A server that does not answer for so long is tried anew, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
