import { isUtf8 } from 'node:buffer';
import { entriesOf } from './not-utf8.js';

// Of a variable whose name is a number, Node shows only the name: V8 takes it for the index of an array. Two others Node changes for itself.

/**
 * The environment that this process was given. What Node has dropped or changed comes from the system; where that does not tell, it is missing or changed
 * here, too.
 */
export function givenEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  const given = variablesOfSystem();
  for (const name of namesWithoutValue()) env[name] = given.get(name);
  // Node makes it absolute.
  const coverage = given.get('NODE_V8_COVERAGE');
  if (coverage !== undefined) env['NODE_V8_COVERAGE'] = coverage;
  // It makes a worker of node:cluster, which needs the channel; and that the command does not get.
  const worker = given.get('NODE_UNIQUE_ID');
  if (worker !== undefined && !given.has('NODE_CHANNEL_FD')) env['NODE_UNIQUE_ID'] = worker;
  return env;
}

/** The names of the variables that do not reach the command. */
export function missingVariables(): readonly string[] {
  const names = namesWithoutValue();
  if (names.length === 0) return [];
  const env = givenEnvironment();
  return names.filter((name) => env[name] === undefined);
}

function namesWithoutValue(): readonly string[] {
  return Object.keys(process.env).filter((name) => process.env[name] === undefined);
}

function variablesOfSystem(): ReadonlyMap<string, string> {
  const variables = entriesOf('/proc/self/environ')
    .filter((entry) => isUtf8(entry))
    .map((entry) => entry.toString().split(/=(.*)/s, 2));
  return new Map(variables.map(([name = '', value = '']) => [name, value]));
}
