import { ledgerStored } from '../contract/ledger.ts';
import { buildReport, type CollectorState } from '../collector/report.ts';
import type { Clock } from '../runtime/clock.ts';

const EVERY_MS = 5_000;

/** For people at a terminal: what runs, then one line every five seconds. The returned function ends it. */
export function printProgress(state: () => CollectorState, port: number, clock: Clock): () => void {
  const { assignment } = state();
  const servers = assignment?.effective.nats.servers.join(', ') ?? '';
  process.stderr.write(
    `collecting ${assignment?.feed.name ?? ''} to ${servers}; status at http://localhost:${port}/api/v1/status; Ctrl-C ends\n`,
  );
  return clock.every(EVERY_MS, () => process.stderr.write(`${progressLine(state())}\n`));
}

export function progressLine(state: CollectorState): string {
  const { assignment, nowMs } = state;
  const time = new Date(nowMs).toISOString().slice(11, 19);
  if (assignment === undefined) return `${time}  no assignment`;
  const { symbols, ledger, perSecond, gaps, publish, problems } = buildReport({ ...state, assignment });
  const parts = [
    `${symbols.inSync}/${symbols.assigned} in sync`,
    `${ledger === null ? 0 : ledgerStored(ledger)} messages`,
    `${Math.round(perSecond)} msg/s`,
    `${gaps} gaps`,
    ...(publish.queued > 0 ? [`${publish.queued} queued`] : []),
    ...(publish.dropped > 0 ? [`${publish.dropped} dropped`] : []),
    ...problems.map(({ message }) => message),
  ];
  return `${time}  ${parts.join('  ')}`;
}
