import type { Problem } from '../../contract/control.ts';
import type { Failure } from '../feed.ts';
import type { Silence } from './watchdog.ts';

/** Silent streams that a message names. */
const MAX_NAMED = 5;

const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** What keeps the venue's data from coming, each with what can be done about it. */
export function connectionProblems(
  url: string,
  failure: Failure | undefined,
  silences: readonly Silence[],
): readonly Problem[] {
  const problems: Problem[] = [];
  if (failure !== undefined) {
    const { detail, sinceMs } = failure;
    const message = `endpoints.websocket ${url}: ${detail} since ${iso(sinceMs)}; check the address and that it is reachable from here`;
    problems.push({ reason: 'VenueUnreachable', message, sinceMs });
  }
  if (silences.length > 0) {
    const names = silences.slice(0, MAX_NAMED).map(({ stream, instrument, sinceMs }) => {
      return `${stream} of ${instrument ?? 'every instrument'} since ${iso(sinceMs)}`;
    });
    const more = silences.length > MAX_NAMED ? ` and ${silences.length - MAX_NAMED} more` : '';
    const message =
      `endpoints.websocket ${url}: confirmed and silent: ${names.join(', ')}${more}; subscribed and connected anew meanwhile; ` +
      'if it stays, check that the venue still serves these streams at this address';
    problems.push({
      reason: 'VenueSilent',
      message,
      sinceMs: Math.min(...silences.map(({ sinceMs }) => sinceMs)),
    });
  }
  return problems;
}
