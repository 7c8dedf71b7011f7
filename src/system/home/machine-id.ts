import { createHmac } from 'node:crypto';
import { attempt } from '../attempt.js';
import type { UserEnvironment } from './user-environment.js';

/** machine-id(5), and the place where D-Bus keeps the same number on systems without systemd. */
const FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * Tells this machine apart from others that share its home folders. The host name is only the last resort, because it changes
 * with the network on laptops. Hashed, because machine-id(5) asks programs not to expose the number, and because a host
 * name may contain anything.
 */
export function machineId(system: UserEnvironment): string {
  const id = (system.platform === 'darwin' ? fromHardware(system) : fromFiles(system)) ?? system.hostname();
  return createHmac('sha256', id).update('livinglock: named locks').digest('hex').slice(0, 16);
}

/** A file that exists but cannot be read is an error: other runs may be able to read it, and would use another folder. */
function fromFiles(system: UserEnvironment): string | null {
  for (const file of FILES) {
    // Anything else is a placeholder, such as "uninitialized" or an empty file in container images.
    const content = attempt(() => system.read(file), '', ['ENOENT', 'ENOTDIR']);
    const [id] = /^[0-9a-f]{32}$/i.exec(content.trim()) ?? [];
    if (id !== undefined && !/^0+$/.test(id)) return id.toLowerCase();
  }
  return null;
}

function fromHardware(system: UserEnvironment): string | null {
  const output = attempt(() => system.hardware(), '', ['ENOENT']);
  return /"IOPlatformUUID" = "([^"]+)"/.exec(output)?.[1] ?? null;
}
