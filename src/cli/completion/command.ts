import { ExitCode } from '../errors/exit-codes.js';
import { defineCommand } from '../grammar/command-definition.js';
import { print } from '../terminal/messages.js';

export const COMPLETION = defineCommand({
  name: 'completion',
  summary: 'print a script that lets a shell complete commands, options and locks',
  description:
    'Prints a script that lets a shell complete the subcommands, the options and the names of locks.',
  options: {},
  operands: {
    shell: { term: '<shell>', description: 'the shell', choices: ['bash', 'zsh', 'fish'] },
  },
  notes: `Examples:
  source <(livinglock completion bash)     in ~/.bashrc
  source <(livinglock completion zsh)      in ~/.zshrc, after compinit
  livinglock completion fish | source      in ~/.config/fish/config.fish`,
  async run({ shell }) {
    const { SCRIPTS } = await import('./scripts.js');
    await print(SCRIPTS[shell]);
    return ExitCode.ok;
  },
});
