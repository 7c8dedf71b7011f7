import { exitOf } from '../exit-status.js';
import { isForCmd } from '../options/wrapped-command.js';
import { treeOf } from '../processes/process-tree-on-windows.js';
import { type Outfit, pidOf, type Started } from './started-command.js';

/** Windows has no exec, so the command begins at once. cross-spawn finds scripts and quotes arguments the Windows way. */
export async function startOnWindows(
  [program = '', ...args]: readonly string[],
  { env, output }: Outfit,
): Promise<Started> {
  const { default: crossSpawn } = await import('cross-spawn');
  const child = crossSpawn(program, args, {
    env,
    stdio: ['inherit', ...output.stdio],
    windowsVerbatimArguments: isForCmd([program, ...args]),
  });
  const exited = exitOf(child);
  const pid = await pidOf(child);
  return {
    exited,
    group: treeOf(child, pid),
    // Ctrl-C and Ctrl-Break reach every process of a console, whatever its standard streams are.
    sharesTerminal: true,
    output: output.read(child),
    begin: null,
  };
}
