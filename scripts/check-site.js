// npm run docs:check: opens every page of the built site in headless Chromium, as wide as a phone. It fails if something is wider than the
// page, a picture does not load, a link leads nowhere, or the browser asks for something that is not there. `npm run docs` builds the site.
// CHROMIUM names another browser of that kind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { FLAGS, findBrowser } from './browser.js';

const SITE = join(import.meta.dirname, '..', 'build', 'site');
const WIDTH = 390;
const LONGEST_RUN = 300_000;
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

const base = `${process.env.DOCS_BASE ?? ''}/`;
const pages = findPages();
const missing = new Set();
const faults = [...(await visitInBrowser()), ...[...missing].map((path) => `${path} is not there.`)];
for (const fault of faults) console.error(fault);
console.log(
  `${pages.length} pages at ${WIDTH} px: ${faults.length === 0 ? 'no faults' : `${faults.length} faults`}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

function findPages() {
  if (!existsSync(SITE)) throw new Error('There is no site in build/site: npm run docs.');
  return readdirSync(SITE, { recursive: true })
    .filter((file) => file.endsWith('.html'))
    .map((file) => base + file.replaceAll('\\', '/'))
    .sort();
}

async function visitInBrowser() {
  const program = findBrowser();
  if (program === undefined)
    throw new Error('There is no Chromium. CHROMIUM names another browser of that kind.');
  const server = createServer().listen(0, '127.0.0.1');
  const reported = new Promise((resolve, reject) => {
    server.on('request', (request, response) => answer(request, response).then(resolveIfAny, reject));
    function resolveIfAny(report) {
      if (report !== undefined) resolve(report);
    }
  });
  await once(server, 'listening');
  const profile = mkdtempSync(join(tmpdir(), 'livinglock-site-'));
  const url = `http://127.0.0.1:${server.address().port}/check`;
  const browser = spawn(program, [...FLAGS, '--window-size=1200,900', `--user-data-dir=${profile}`, url], {
    stdio: 'ignore',
  });
  const ended = once(browser, 'exit');
  const limit = setTimeout(() => browser.kill(), LONGEST_RUN);
  try {
    return await Promise.race([reported, ended.then(throwTooEarly)]);
  } finally {
    clearTimeout(limit);
    browser.kill();
    await ended;
    server.close();
    server.closeAllConnections();
    // Processes of the browser may still write to it.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

function throwTooEarly() {
  throw new Error('The browser ended before it had seen every page.');
}

/** Serves the site, and the page that visits all others. Resolves to the report that this page sends in the end. */
async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (request.method === 'POST') {
    const report = JSON.parse(await text(request));
    response.end();
    return report;
  }
  if (pathname === '/check') {
    response.setHeader('content-type', TYPES['.html']);
    response.end(`<!doctype html><script>(${visit})(${JSON.stringify({ pages, width: WIDTH })})</script>`);
    return undefined;
  }
  const file = join(
    SITE,
    decodeURI(pathname.endsWith('/') ? `${pathname}index.html` : pathname).slice(base.length - 1),
  );
  if (file.startsWith(SITE) && existsSync(file)) {
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  } else {
    if (pathname !== '/favicon.ico') missing.add(pathname);
    response.writeHead(404).end();
  }
  return undefined;
}

/** Runs in the browser: opens one page after another in a frame, and posts what is wrong with them. */
async function visit({ pages, width }) {
  const frame = document.createElement('iframe');
  frame.style = `border: 0; width: ${width}px; height: 844px`;
  document.documentElement.append(frame);
  const faults = [];
  const idsByPage = new Map();
  const links = [];
  for (const page of pages) {
    try {
      await open(page);
      faults.push(...faultsOf(frame.contentDocument).map((fault) => `${page}: ${fault}`));
    } catch (error) {
      faults.push(`${page}: ${error}`);
    }
  }
  for (const { page, href } of links) {
    const { pathname, hash } = new URL(href);
    const ids = idsByPage.get(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    if (hash !== '' && ids?.has(decodeURIComponent(hash.slice(1))) === false) {
      faults.push(`${page}: no heading for the link ${pathname}${hash}`);
    }
  }
  await fetch('/report', { method: 'POST', body: JSON.stringify(faults) });

  async function open(page) {
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    frame.src = page;
    await loaded;
    const { contentDocument: document, contentWindow: window } = frame;
    await document.fonts.ready;
    // Two frames, so that the page's own program has run and been painted.
    for (let count = 0; count < 2; count++)
      await new Promise((resolve) => window.requestAnimationFrame(resolve));
    const own = [...document.querySelectorAll('a[href]')].filter(({ href }) =>
      href.startsWith(location.origin),
    );
    links.push(...own.map(({ href }) => ({ page, href })));
    idsByPage.set(page, new Set([...document.querySelectorAll('[id]')].map(({ id }) => id)));
  }

  function faultsOf(document) {
    const { scrollWidth, clientWidth } = document.documentElement;
    const scrolls = scrollWidth > clientWidth ? [`is ${scrollWidth} px wide instead of ${clientWidth}`] : [];
    const wide = [...document.querySelectorAll('main *, .VPNav *')].filter((each) =>
      sticksOut(each, clientWidth),
    );
    const broken = [...document.images].filter(
      ({ complete, naturalWidth }) => complete && naturalWidth === 0,
    );
    return [
      ...scrolls,
      ...wide.map((each) => `wider than the page: ${each.outerHTML.slice(0, 120)}`),
      ...broken.map(({ src }) => `picture does not load: ${src}`),
    ];
  }

  /** Wider than the page, and not in a frame that scrolls by itself. */
  function sticksOut(element, pageWidth) {
    const { right, width } = element.getBoundingClientRect();
    if (width === 0 || right <= pageWidth + 1) return false;
    for (let each = element.parentElement; each !== null; each = each.parentElement) {
      if (['auto', 'scroll'].includes(frame.contentWindow.getComputedStyle(each).overflowX)) return false;
    }
    return true;
  }
}
