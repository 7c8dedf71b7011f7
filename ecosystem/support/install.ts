import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..', '..');
const INSTALLED = join(import.meta.dirname, '..', 'node_modules', 'livinglock');

/** Puts the packed package where users have it. A link to the project would let bundlers and compilers find what users do not have. */
export default function install(): void {
  const folder = mkdtempSync(join(tmpdir(), 'livinglock-'));
  try {
    // Without the scripts, because a build would pull `dist` away from under other tests.
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: PROJECT,
      shell: process.platform === 'win32',
      stdio: 'ignore',
    });
    const [tarball = ''] = readdirSync(folder);
    rmSync(INSTALLED, { recursive: true, force: true });
    mkdirSync(INSTALLED, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', INSTALLED]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
