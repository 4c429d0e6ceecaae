import type { Assignment } from '../../contract/assignment.ts';
import { catalogueMarket } from '../../contract/catalogue.ts';
import type { Instrument } from '../../contract/instrument.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { NatsLink } from '../../runtime/nats-connection.ts';
import { CATALOGUE_EVERY_MS } from '../catalogue-loader.ts';
import { CatalogueWriter } from '../delivery/catalogue-writer.ts';
import type { VenueSession } from '../ports.ts';
import type { CollectorIdentity } from '../report.ts';

export interface CatalogueWriting {
  readonly assignment: Assignment;
  readonly replica: CollectorIdentity['replica'];
  readonly data: NatsLink | undefined;
  /** The operator's NATS: it resolves selectors by what stands there. */
  readonly control: NatsLink | undefined;
  readonly catalogueEveryMs: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Readings of the venue's lists that may be missed before another feed of the market takes over. */
const MISSED_READS = 3;

/** A session whose lists are written to the catalogue bucket, beside the data and where the operator is. */
export function withCatalogue(
  { assignment, replica, data, control, catalogueEveryMs, clock, log }: CatalogueWriting,
  start: (onCatalogue: ((instruments: readonly Instrument[]) => void) | undefined) => VenueSession,
): VenueSession {
  // One writer a feed; the others would write the same.
  if (assignment.shard !== 0 || replica !== 'a') return start(undefined);
  const { effective, feed } = assignment;
  const links = new Set([data, control].filter((link) => link !== undefined));
  const writers = [...links].map(
    (link) =>
      new CatalogueWriter({
        market: catalogueMarket(effective),
        connection: () => link.connection,
        domain: link === data ? effective.nats.jetstreamDomain : null,
        writer: feed.uid,
        staleMs: MISSED_READS * (catalogueEveryMs ?? CATALOGUE_EVERY_MS),
        clock,
        log,
      }),
  );
  const session = start((instruments) => {
    for (const writer of writers) writer.offer(instruments);
  });
  return {
    setSymbols: (symbols) => session.setSymbols(symbols),
    setBudget: (budget) => session.setBudget(budget),
    status: () => {
      const status = session.status();
      const written = writers.map(({ counters }) => counters).reduce(sum, {});
      return { ...status, counters: { ...status.counters, ...written } };
    },
    snapshotWanted: (subject) => session.snapshotWanted(subject),
    resync: (subject, cause) => session.resync(subject, cause),
    tradesWanted: (wanted) => session.tradesWanted(wanted),
    pause: () => session.pause(),
    resume: () => session.resume(),
    async stop() {
      await session.stop();
      await Promise.all(writers.map((writer) => writer.stop()));
    },
  };
}

type Counters = Readonly<Record<string, number>>;

const sum = (a: Counters, b: Counters): Counters => ({
  ...a,
  ...Object.fromEntries(Object.entries(b).map(([name, count]) => [name, count + (a[name] ?? 0)])),
});
