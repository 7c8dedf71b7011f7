import { win32 } from 'node:path';

/**
 * The path of a program that comes with Windows. By its name alone, a program of that name in the current folder would be started instead
 * (CreateProcess).
 */
export function systemProgram(...path: readonly string[]): string {
  return win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', ...path);
}
