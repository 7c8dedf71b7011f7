import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { FLAGS, findBrowser } from '../../scripts/browser.js';
import { newFolder } from '../host.js';

// A headless Chromium, driven by the DevTools protocol over a pipe (--remote-debugging-pipe): JSON messages that end with a NUL.

const program = findBrowser();

/** Whether there is a browser to test pages in. */
export const canBrowse = program !== undefined;

type Json = Readonly<Record<string, unknown>>;
type Listener = (method: string, parameters: Json) => void;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Json;
  readonly sessionId?: string;
  readonly result?: Json;
  readonly error?: { readonly message: string };
}

/** How large the page is, and how its user wants it. */
export interface Surface {
  readonly width: number;
  readonly height: number;
  readonly scheme?: 'light' | 'dark';
}

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #input: Writable;
  readonly #answers = new Map<number, { resolve(result: Json): void; reject(error: Error): void }>();
  /** By the session of the tab that they listen to. */
  readonly #listeners = new Map<string, Listener>();
  #last = 0;

  private constructor() {
    if (program === undefined) throw new Error('There is no Chromium.');
    this.#profile = newFolder();
    this.#process = spawn(
      program,
      [...FLAGS, '--remote-debugging-pipe', `--user-data-dir=${this.#profile}`],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      },
    );
    const [, , , input, output] = this.#process.stdio;
    this.#input = writable(input);
    this.#read(readable(output));
  }

  static async start(): Promise<Browser> {
    const browser = new Browser();
    await browser.ask('Browser.getVersion');
    return browser;
  }

  async end(): Promise<void> {
    const ended = once(this.#process, 'exit');
    await this.ask('Browser.close').catch(() => this.#process.kill('SIGKILL'));
    await ended;
    // Processes of the browser may still write to it.
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  /** Opens an address in a tab of its own. Resolves when it has loaded. */
  async open(address: string, { width, height, scheme = 'light' }: Surface): Promise<Tab> {
    const { targetId } = await this.ask('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.ask('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, String(targetId), String(sessionId));
    await tab.load(address, { width, height, scheme });
    return tab;
  }

  /** A command of the protocol, and its result. */
  ask(method: string, parameters: Json = {}, sessionId?: string): Promise<Json> {
    this.#last += 1;
    const id = this.#last;
    const answered = new Promise<Json>((resolve, reject) => this.#answers.set(id, { resolve, reject }));
    this.#input.write(`${JSON.stringify({ id, method, params: parameters, sessionId })}\0`);
    return answered;
  }

  /** Calls this for each event of the tab. */
  listen(sessionId: string, listener: Listener): void {
    this.#listeners.set(sessionId, listener);
  }

  #read(output: Readable): void {
    let text = '';
    output.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (text + chunk).split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) this.#take(JSON.parse(message));
    });
    output.on('close', () => {
      for (const { reject } of this.#answers.values()) reject(new Error('The browser has ended.'));
    });
  }

  #take({ id, method, params = {}, sessionId = '', result = {}, error }: Message): void {
    if (id !== undefined) {
      const waiting = this.#answers.get(id);
      this.#answers.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error.message));
    } else if (method !== undefined) this.#listeners.get(sessionId)?.(method, params);
  }
}

/** A page in the browser. */
export class Tab {
  /** What the page asked for beside itself. */
  readonly requests: string[] = [];
  /** Errors and warnings in the console, among them those of the content security policy. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #target: string;
  readonly #session: string;

  constructor(browser: Browser, target: string, session: string) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
  }

  async load(address: string, { width, height, scheme }: Required<Surface>): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#browser.listen(this.#session, (method, parameters) => {
        if (method === 'Page.loadEventFired') resolve();
        if (method === 'Network.requestWillBeSent') {
          const { url } = Object(parameters['request']);
          if (url !== address) this.requests.push(url);
        }
        if (/^(?:Runtime\.exceptionThrown|Runtime\.consoleAPICalled|Log\.entryAdded)$/.test(method))
          this.complaints.push(JSON.stringify(parameters));
      });
    });
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await this.ask(`${domain}.enable`);
    await this.ask('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await this.ask('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
    await this.ask('Page.navigate', { url: address });
    await loaded;
  }

  ask(method: string, parameters?: Json): Promise<Json> {
    return this.#browser.ask(method, parameters, this.#session);
  }

  /** The value of an expression of JavaScript, as JSON can say it. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return Object(result).value;
  }

  /** @param key As `KeyboardEvent.key`. */
  async press(key: string): Promise<void> {
    for (const type of ['keyDown', 'keyUp'])
      await this.ask('Input.dispatchKeyEvent', {
        type,
        key,
        code: key,
        windowsVirtualKeyCode: KEY_CODES[key],
      });
  }

  async pointAt(x: number, y: number): Promise<void> {
    await this.ask('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
  }

  /** What the page looks like, as PNG. */
  async picture(clip?: { readonly width: number; readonly height: number }): Promise<Buffer> {
    const { data } = await this.ask('Page.captureScreenshot', {
      ...(clip !== undefined && { clip: { x: 0, y: 0, scale: 1, ...clip }, captureBeyondViewport: true }),
    });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    await this.#browser.ask('Target.closeTarget', { targetId: this.#target });
  }
}

/** Without them Chromium does not act on Tab and Enter. */
const KEY_CODES: Readonly<Record<string, number>> = {
  Tab: 9,
  Enter: 13,
  Escape: 27,
  End: 35,
  Home: 36,
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
};

function writable(stream: Readable | Writable | null | undefined): Writable {
  if (stream && 'write' in stream) return stream;
  throw new Error('There is no pipe to the browser.');
}

function readable(stream: Readable | Writable | null | undefined): Readable {
  if (stream && 'read' in stream) return stream;
  throw new Error('There is no pipe from the browser.');
}
