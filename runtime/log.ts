import { pino } from 'pino';

export type Logger = ReturnType<typeof createLogger>;

/** JSON lines on stderr, so that stdout stays free for records; `LOG_LEVEL` sets the level. */
export function createLogger(name: string, level = 'info') {
  return pino({ name, level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}
