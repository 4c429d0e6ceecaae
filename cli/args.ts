import { parseArgs, type ParseArgsConfig } from 'node:util';

export type Parsed<T extends ParseArgsConfig> =
  { readonly kind: 'parsed'; readonly args: ReturnType<typeof parseArgs<T>> } | UsageFault;

export interface UsageFault {
  readonly kind: 'fault';
  /** Names the option. */
  readonly message: string;
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** Wrong usage or an input file that cannot be used: nothing was started. */
export const EXIT_USAGE = 2;

/** `parseArgs` (strict unless told otherwise), whose refusals are values. */
export function parse<const T extends ParseArgsConfig>(config: T): Parsed<T> {
  try {
    return { kind: 'parsed', args: parseArgs(config) };
  } catch (error) {
    if (!isUsageError(error)) throw error;
    // The second sentence of Node's messages is about positional arguments that start with a dash.
    return { kind: 'fault', message: error.message.split('. ', 1)[0] ?? error.message };
  }
}

function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

export type ParsedOptions =
  | {
      readonly kind: 'parsed';
      readonly values: Readonly<Record<string, string | boolean | undefined>>;
      readonly positionals: readonly string[];
    }
  | { readonly kind: 'help' }
  | UsageFault;

/** For commands of plain options: `-h` and `--help` come along. */
export function parseOptions(
  args: readonly string[],
  options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>,
  { allowPositionals = false } = {},
): ParsedOptions {
  const parsed = parse({
    args: [...args],
    allowPositionals,
    options: { ...options, help: { type: 'boolean', short: 'h' } },
  });
  if (parsed.kind === 'fault') return parsed;
  const values = parsed.args.values as Readonly<Record<string, string | boolean | undefined>>;
  return values['help'] === true
    ? { kind: 'help' }
    : { kind: 'parsed', values, positionals: parsed.args.positionals };
}

/** What a command prints for a usage fault before it returns `EXIT_USAGE`. */
export function usageMessage(command: string, message: string): string {
  return `marketprism ${command}: ${message}\nTry "marketprism ${command} --help".\n`;
}

/** What the machine refuses: a missing file, a taken port. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

export const isTakenPort = (error: unknown): boolean => isSystemError(error) && error.code === 'EADDRINUSE';
