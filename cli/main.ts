import { EXIT_FAILED } from './args.ts';
import { runCommandLine } from './commands.ts';

/** A handle that somebody forgot to close must not hold a finished command, nor a pod until its SIGKILL. */
const LINGER_MS = 2_000;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader went away (`| head`): there is nobody left to write for.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`marketprism: ${describe(error)}\n`);
  return EXIT_FAILED;
});
lingerThenExit();

function lingerThenExit(): void {
  setTimeout(
    () => (process.stdout.writableLength > 0 ? lingerThenExit() : process.exit()),
    LINGER_MS,
  ).unref();
}

/** The chain of causes in one line; the stack as well where somebody debugs. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const debugging = ['debug', 'trace'].includes(process.env['LOG_LEVEL'] ?? '');
  const text = debugging ? (error.stack ?? error.message) : error.message;
  return error.cause === undefined ? text : `${text}: ${describe(error.cause)}`;
}
