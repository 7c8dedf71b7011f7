import { Argument, type Command } from 'commander';
import { print } from '../terminal/messages.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function defineCompletion(
  program: Command,
  _wrapped: readonly string[] | null,
  createWhole: () => Promise<Command>,
): void {
  program
    .command('completion')
    .summary('print what makes a shell complete commands, options and locks')
    .description(
      'Prints a script by which a shell completes the subcommands, the options and the names of locks.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  source <(livinglock completion bash)     in ~/.bashrc
  source <(livinglock completion zsh)      in ~/.zshrc, after compinit
  livinglock completion fish | source      in ~/.config/fish/config.fish`,
    )
    .action(async (shell: string) => {
      const { scriptFor } = await import('./scripts.js');
      await print(scriptFor(shell));
    });
  program
    .command('complete-words', { hidden: true })
    .summary('what the scripts of `completion` ask')
    .argument('[word...]', 'what stands behind the name of the program, up to the cursor')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('./complete.js');
      await print(complete(await createWhole(), words).join('\n'));
    });
}
