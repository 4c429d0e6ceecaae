import assert from 'node:assert/strict';
import { DEFAULTS, type EffectiveFeed } from '../../../contract/effective.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';
import type { SnapshotCommand } from '../../../collector/pipeline/book-start.ts';
import { Pipeline } from '../../../collector/pipeline/pipeline.ts';
import type { Outgoing } from '../../../collector/ports.ts';
import type { BookSnapshot, Venue } from '../../../collector/venues/venue.ts';

export interface RigOptions {
  readonly venue: Venue;
  readonly instruments: readonly string[];
  readonly orderbook?: Partial<EffectiveFeed['orderbook']>;
  readonly take?: (record: Outgoing) => void;
}

/** One venue's pipeline with its clock, fed with the venue's own text, and all that came out of it. */
export class Rig {
  readonly records: Outgoing[] = [];
  readonly commands: SnapshotCommand[] = [];
  readonly pipeline: Pipeline;
  readonly #venue: Venue;
  nowMs = 1_000;

  constructor({ venue, instruments, orderbook, take }: RigOptions) {
    this.#venue = venue;
    this.pipeline = new Pipeline({
      venue,
      feed: {
        exchange: venue.exchange,
        market: venue.market,
        streams: ['orderbook'],
        orderbook: { mode: 'delta', ...DEFAULTS.orderbook, ...orderbook },
        nats: { subjects: DEFAULT_SUBJECTS } as never,
      },
      epoch: 'test',
      emit: (record) => {
        this.records.push(record);
        take?.(record);
      },
      command: (command) => this.commands.push(command),
    });
    for (const instrument of instruments) {
      this.pipeline.add({ instrument, symbol: instrument, sizeUnit: 'base' }, this.nowMs);
      this.open(instrument);
    }
  }

  open(instrument: string): void {
    this.pipeline.opened({ instrument, stream: 'orderbook' }, this.nowMs);
  }
  send(text: string): void {
    for (const frame of this.#venue.decode(text)) this.pipeline.frame(frame, this.nowMs * 1_000, this.nowMs);
  }
  disconnect(instrument: string): void {
    const channels = [{ instrument, stream: 'orderbook' }] as const;
    this.pipeline.disconnected(channels, this.nowMs * 1_000, this.nowMs);
  }
  wait(ms: number): void {
    this.nowMs += ms;
    this.pipeline.tick(this.nowMs);
  }
  /** An answer of REST to a question that was asked, the oldest if none is named. */
  answer(body: string, command = this.commands.shift(), limit?: number): void {
    assert.ok(command !== undefined, 'nobody asked');
    this.pipeline.snapshot(command, this.book(body, limit), this.nowMs * 1_000, this.nowMs);
  }
  audit(instrument: string, body: string, limit = 100): void {
    const { pipeline, nowMs } = this;
    pipeline.book(instrument)?.audit(this.book(body, limit), nowMs * 1_000, nowMs);
  }
  beginAudit(instrument: string): boolean {
    return this.pipeline.book(instrument)?.beginAudit() ?? false;
  }
  book(body: string, limit?: number): BookSnapshot {
    const snapshot = this.#venue.decodeSnapshot(body);
    assert.ok(snapshot.kind === 'snapshot', body);
    return limit === undefined ? snapshot : { ...snapshot, limit };
  }
  count(event: string): number {
    return this.pipeline.counters[event] ?? 0;
  }
  state(instrument: string): string | undefined {
    return this.pipeline.statusOf(instrument)?.state;
  }
  /** What was published since the last call, in short; with several instruments each with its name. */
  out(): readonly string[] {
    const named = this.pipeline.instruments.length > 1;
    return this.records.splice(0).map((record) => `${named ? `${record.symbol} ` : ''}${inShort(record)}`);
  }
}

function inShort(record: Outgoing): string {
  switch (record.kind) {
    case 'delta':
      return `${record.joinOnly ? 'join ' : ''}${record.prevId}-${record.lastId}`;
    case 'snapshot':
      return `${record.role} ${record.lastId}`;
    default:
      return record.kind;
  }
}

/** The fields of a record. */
export function fieldsOf(record: Outgoing | undefined): Readonly<Record<string, unknown>> {
  assert.ok(record !== undefined && 'payload' in record);
  return JSON.parse(new TextDecoder().decode(record.payload)) as Readonly<Record<string, unknown>>;
}
