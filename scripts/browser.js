// The Chromium with which scripts and tests look at pages.

import { spawnSync } from 'node:child_process';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];

export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];

/** The first browser that is installed, or the one that CHROMIUM names; `undefined` without one. */
export function findBrowser() {
  const names = process.env.CHROMIUM === undefined ? BROWSERS : [process.env.CHROMIUM];
  return names.find((name) => spawnSync(name, ['--version']).status === 0);
}
