import { Command, CommanderError } from 'commander';
import { AnsweredFailure } from './answered-failure.ts';
import { buildCommand } from './build.ts';
import { encodeCommand } from './encode.ts';
import { evaluateCommand } from './evaluate.ts';
import { generateCommand } from './generate.ts';
import { inspectCommand } from './inspect.ts';
import { maskCommand } from './mask.ts';
import { pullCommand } from './pull.ts';
import type { Terminal } from './terminal.ts';
import { trainCommand } from './train.ts';
import { UsageError } from './usage-error.ts';
import { verifyCommand } from './verify.ts';

/** How a run ends. */
export const EXIT_CODES = {
  ok: 0,
  /** What was asked for did not work; the message says why. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  interrupted: 130,
} as const;

/** Characters a line, where nobody says how wide the window is. */
const HELP_WIDTH = 100;

const COMMANDS = [
  pullCommand,
  inspectCommand,
  buildCommand,
  verifyCommand,
  encodeCommand,
  generateCommand,
  maskCommand,
  trainCommand,
  evaluateCommand,
];

const EXAMPLES = `
Examples:
  elite pull sd --global-mapper global_mapper.pt --local-mapper local_mapper.pt
  elite encode dog.jpg --mask dog-mask.png -o dog.safetensors --model sd
  elite generate "a S* wearing a red hat in the snow" --concept dog.safetensors --model sd

MODEL_DIR in the environment stands in for --model.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

/** Runs one command line and returns its exit code; nothing is thrown. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' });
    return EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    if (terminal.signal.aborted) {
      terminal.stderr.write('interrupted\n');
      return EXIT_CODES.interrupted;
    }
    complain(error, terminal, args.includes('--json'));
    return error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.failed;
  }
}

function createProgram(terminal: Terminal): Command {
  const program = new Command('elite')
    .description('Turns one photo of a thing into a concept, and draws that thing wherever a prompt puts it.')
    .option('--json', 'answer with one line of JSON')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      getOutHelpWidth: () => terminal.stdout.columns ?? HELP_WIDTH,
      getErrHelpWidth: () => terminal.stderr.columns ?? HELP_WIDTH,
    })
    .exitOverride();
  for (const create of COMMANDS) {
    const command = create(terminal).copyInheritedSettings(program);
    for (const nested of command.commands) nested.copyInheritedSettings(command);
    program.addCommand(command);
  }
  return program;
}

function complain(error: unknown, { stdout, stderr }: Terminal, json: boolean): void {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (json && error instanceof AnsweredFailure) return;
  if (json) stdout.write(`${JSON.stringify({ error: { name, message } })}\n`);
  else stderr.write(`elite: ${message}\n`);
  if (error instanceof Error && isUnforeseen(error)) stderr.write(`${error.stack}\n`);
}

/** Errors we throw have names of their own; others are worth a stack. */
function isUnforeseen(error: Error): boolean {
  return ['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'].includes(error.name);
}
