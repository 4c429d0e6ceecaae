import { EXIT_OK, EXIT_USAGE } from './args.ts';
import { version } from './package-file.ts';

/** What every `cli/<command>.ts` exports; the number is the exit code. */
export interface CommandModule {
  run(args: readonly string[]): Promise<number>;
}

interface Command {
  readonly summary: string;
  /** Lazy, so that no command pays for the libraries of another. */
  readonly load: () => Promise<CommandModule>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  operator: {
    summary: 'the controller of CollectorFeed resources',
    load: () => import('./operator.ts'),
  },
  collect: {
    summary: 'run one feed from a file, or a shard from its assignment in a pod',
    load: () => import('./collect.ts'),
  },
  simulate: {
    summary: "the venue's WebSocket and REST endpoints on localhost, with faults on demand",
    load: () => import('./simulate.ts'),
  },
  replay: {
    summary: "recorded frames through the collector's own pipeline, one JSON line a message",
    load: () => import('./replay.ts'),
  },
  verify: {
    summary: 'prove a range of a stream: continuity, order, gaps, books; exit 1 when something is missing',
    load: () => import('./verify.ts'),
  },
  doctor: {
    summary: 'what is missing or misconfigured, each with what mends it',
    load: () => import('./doctor.ts'),
  },
  top: {
    summary: 'a live table of feeds and their worst symbols',
    load: () => import('./top.ts'),
  },
};

function overview(): string {
  const rows = [
    ...Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const),
    ['version', 'print the version'] as const,
    ['help', 'print this, or the help of a command'] as const,
  ];
  const lines = rows.map(([name, summary]) => `  ${name.padEnd(10)} ${summary}`);
  return `Usage: marketprism <command> [options]\n\n${lines.join('\n')}\n\n"marketprism <command> --help" lists its options.\n`;
}

/** Runs one command line and returns its exit code; what fails unexpectedly is thrown. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  switch (name) {
    case undefined:
      process.stderr.write(overview());
      return EXIT_USAGE;
    case 'help':
    case '--help':
    case '-h':
      if (rest[0] !== undefined) return runNamed(rest[0], ['--help']);
      process.stdout.write(overview());
      return EXIT_OK;
    case 'version':
    case '--version':
    case '-v':
      process.stdout.write(`${version()}\n`);
      return EXIT_OK;
    default:
      return runNamed(name, rest);
  }
}

async function runNamed(name: string, args: readonly string[]): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    process.stderr.write(`marketprism: unknown command "${name}"\n\n${overview()}`);
    return EXIT_USAGE;
  }
  return (await command.load()).run(args);
}
