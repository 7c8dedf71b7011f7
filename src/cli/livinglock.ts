#!/usr/bin/env node

// The command `livinglock`.

import { cacheCompiledCode } from './compile-cache.js';

// All that follows needs it.
if (Reflect.has(process, 'getBuiltinModule')) {
  cacheCompiledCode();
  void import('./main.js').then(({ main }) => main());
} else {
  const { version, execPath } = process;
  console.error(
    `livinglock: Node 20.19 or later is needed, but ${execPath} is ${version}. See https://nodejs.org/en/download`,
  );
  // `ExitCode.internal`, whose module would have to be found and compiled first.
  process.exitCode = 70;
}
