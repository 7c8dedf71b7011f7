// To be loaded before a program (`node --import`): each process sees its own lock at the path of `job.lock`, as on a
// mount that never shows one process what another one has written.

import fs from 'node:fs';

const CALLS_WITH_PATHS = [
  'lstatSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'readdirSync',
  'realpathSync',
  'renameSync',
  'rmdirSync',
  'statSync',
  'unlinkSync',
] as const;

for (const name of CALLS_WITH_PATHS) {
  const call = fs[name];
  Reflect.set(fs, name, (...parameters: unknown[]): unknown =>
    Reflect.apply(call, fs, parameters.map(toOwnView)),
  );
}

function toOwnView(parameter: unknown): unknown {
  return typeof parameter === 'string' ? parameter.replace('/job.lock', `/${process.pid}.lock`) : parameter;
}
