import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { AssignmentPusher } from './assignments.ts';
import { CatalogueBook, catalogueBucket } from './catalogues.ts';
import { natsRequests } from './control-requests.ts';
import { bucketReader, LedgerBook } from './ledgers.ts';
import { ControlNats } from './nats.ts';
import { followReports, ReportBook, type ReportChange } from './reports.ts';
import type { Settings } from './settings.ts';
import { WriterSettler } from './settle.ts';
import { followDeletions, natsStreams } from './streams-api.ts';
import { StreamKeeper } from './streams.ts';

export interface ControlOptions {
  readonly settings: Settings;
  /** The operator's pod. */
  readonly pod: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Something that NATS told of this feed changed. */
  readonly onChange: (feedUid: string, change: ReportChange) => void;
}

/** What the operator does over NATS, in one place. Nothing of it waits for NATS to be there. */
export interface Control {
  readonly nats: ControlNats;
  readonly reports: ReportBook;
  readonly pusher: AssignmentPusher;
  readonly settler: WriterSettler;
  readonly streams: StreamKeeper;
  readonly ledgers: LedgerBook;
  readonly catalogues: CatalogueBook;
  forget(feedUid: string): void;
  start(): void;
  /** No longer leader: reports and ledgers are kept warm, nothing is asked or changed. */
  rest(): void;
  stop(): Promise<void>;
}

const SWEEP_MS = 1_000;

export function createControl(options: ControlOptions): Control {
  const { settings, pod, clock, random, log, onChange } = options;
  const nats = new ControlNats({ control: settings.control, name: pod, clock, random, log });
  const connection = (): ControlNats['connection'] => nats.connection;
  const away = (): string => (nats.state.kind === 'unreachable' ? nats.state.message : 'the connection went');
  const changed = (feedUid: string): void => onChange(feedUid, 'transition');
  const requests = natsRequests(connection);
  const reports = new ReportBook({ clock, onChange });
  const pusher = new AssignmentPusher({ requests, clock, onChange: changed });
  const ledgers = new LedgerBook({ read: bucketReader(connection), clock, log, onChange: changed });
  const streams = new StreamKeeper({
    owner: settings.installation,
    servers: settings.control.servers,
    api: natsStreams(connection, clock, away),
    clock,
    random,
    log,
    onChange: (feedUids) => feedUids.forEach(changed),
  });
  const catalogues = new CatalogueBook({
    source: catalogueBucket(connection),
    clock,
    log,
    onChange: (feedUids) => feedUids.forEach(changed),
  });
  let endSweep: (() => void) | undefined;
  return {
    nats,
    reports,
    pusher,
    streams,
    ledgers,
    catalogues,
    settler: new WriterSettler({ requests, clock }),
    forget(feedUid) {
      for (const kept of [reports, ledgers, streams, pusher, catalogues]) kept.forget(feedUid);
    },
    start() {
      nats.onConnection((made) => {
        followReports(made, reports, (error) => log.warn({ err: error }, 'the reports cannot be read'));
        followDeletions(made, (stream) => streams.lookNow(stream));
      });
      nats.onState(() => streams.lookNow());
      endSweep = clock.every(SWEEP_MS, () => reports.sweep());
      nats.start();
    },
    rest() {
      pusher.stop();
      streams.stop();
      catalogues.stop();
    },
    async stop() {
      endSweep?.();
      this.rest();
      await nats.stop();
    },
  };
}
