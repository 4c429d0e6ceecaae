import type { EffectiveFeed } from '../../contract/effective.ts';
import { lastIdOf } from '../../contract/identity.ts';
import type { ShardLedger } from '../../contract/ledger.ts';
import { escapeToken, expandSubject, subjectFilter } from '../../contract/subjects.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Holes, MetHole } from './holes.ts';
import type { Lane, Publishable } from './lane.ts';
import type { StoredHead, StreamReader } from './stream-reader.ts';
import { storedFacts } from './tail.ts';

export interface InheritedHolesOptions {
  readonly clock: Clock;
  readonly effective: EffectiveFeed;
  readonly reader: Pick<StreamReader, 'range' | 'payloadAt'>;
  /** Where to begin; undefined: no writer of this shard left anything unstated. */
  readonly sinceMs: number | undefined;
  readonly onHole: (met: MetHole) => void;
  readonly onError: (error: unknown) => void;
}

/** After a start every subject asks at once: they share a read. */
const GATHER_MS = 200;
const MAX_SUBJECTS = 256;
const RETRY_MS = 1_000;
/** Older ones are not looked for: the read would never end. */
const MAX_AGE_MS = 3_600_000;
/** Subjects that say nothing for so long after a start are no longer waited for. */
const PATIENCE_MS = 60_000;

interface Asked {
  readonly lane: Lane;
  readonly record: Publishable;
  /** Where the subject ended when it was asked: what comes behind is ours. */
  readonly through: number;
}

/** Between two records of the stream. */
interface Found {
  readonly fromId: number;
  readonly fromSequence: number;
  readonly toId: number;
  readonly toSequence: number;
}

interface Stated {
  readonly subject: string;
  readonly from: number;
  readonly to: number;
}

/**
 * A hole is stated some seconds after it was met, and a writer that is killed in between says nothing. So its successor
 * looks for holes in what was stored shortly before, and meets those that no gap record states.
 */
export class InheritedHoles {
  readonly #options: InheritedHolesOptions;
  readonly #seen = new Set<string>();
  #asked: Asked[] = [];
  #closed = false;
  #reads = 0;
  readonly #begunMs: number;

  constructor(options: InheritedHolesOptions) {
    this.#options = options;
    this.#begunMs = options.clock.nowMs();
  }

  /** True while it is not known yet what was inherited. */
  get looking(): boolean {
    return this.#reads > 0;
  }

  /** Since when holes of those before us may be unknown still. */
  get unknownSinceMs(): number | undefined {
    const isWaiting = this.#options.clock.nowMs() - this.#begunMs < PATIENCE_MS;
    return this.looking || isWaiting ? this.#options.sinceMs : undefined;
  }

  close(): void {
    this.#closed = true;
  }

  /** The subject's end was read for the first time, `record` is the first of ours. */
  ask(lane: Lane, record: Publishable): void {
    const { clock, sinceMs } = this.#options;
    const { tail, subject } = lane;
    if (sinceMs === undefined || this.#seen.has(subject) || !showsHoles(record)) return;
    if (tail.kind !== 'book' && tail.kind !== 'trade') return;
    this.#seen.add(subject);
    this.#asked.push({ lane, record, through: tail.sequence });
    if (this.#asked.length > 1) return;
    this.#reads += 1;
    clock.after(GATHER_MS, () => void this.#run(sinceMs).finally(() => (this.#reads -= 1)));
  }

  async #run(sinceMs: number): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    for (let index = 0; index < asked.length; index += MAX_SUBJECTS) {
      const part = asked.slice(index, index + MAX_SUBJECTS);
      while (!this.#closed) {
        try {
          await this.#look(part, sinceMs);
          break;
        } catch (error) {
          // Nothing is decided without a whole read.
          this.#options.onError(error);
          await new Promise<void>((resolve) => void this.#options.clock.after(RETRY_MS, resolve));
        }
      }
    }
  }

  async #look(asked: readonly Asked[], sinceMs: number): Promise<void> {
    const { reader, effective, onHole } = this.#options;
    const heads = new Map(asked.map(({ lane }) => [lane.subject, [] as StoredHead[]]));
    const start = { timeMs: sinceMs };
    await reader.range(effective.stream.name, start, [...heads.keys()], (head) => {
      heads.get(head.subject)?.push(head);
    });
    const stated = await this.#stated(sinceMs);
    const met: MetHole[] = [];
    for (const one of asked) {
      const upTo = (heads.get(one.lane.subject) ?? []).filter(({ sequence }) => sequence <= one.through);
      for (const found of one.record.kind === 'trade' ? tradeHoles(upTo) : bookHoles(upTo)) {
        const hole = await this.#metOf(one, found, stated);
        if (hole !== undefined) met.push(hole);
      }
    }
    for (const hole of met) onHole(hole);
  }

  /** Between which ids gap records say that something is missing. Open ones name no end: the closed one comes behind. */
  async #stated(sinceMs: number): Promise<readonly Stated[]> {
    const { reader, effective } = this.#options;
    const filter = subjectFilter(effective.nats.subjects.gap, {
      exchange: escapeToken(effective.exchange),
      market: escapeToken(effective.market),
    });
    const stated: Stated[] = [];
    await reader.range(effective.gapStream.name, { timeMs: sinceMs }, [filter], ({ subject, msgId }) => {
      const [, from, to] = /\|g(-?\d+)-(-?\d+)$/.exec(msgId) ?? [];
      if (to !== undefined) stated.push({ subject, from: Number(from), to: Number(to) });
    });
    return stated;
  }

  /** Undefined: it is stated; or what ends it is gone meanwhile, or is a reset, behind which nothing is missing. */
  async #metOf(
    { lane, record }: Asked,
    found: Found,
    stated: readonly Stated[],
  ): Promise<MetHole | undefined> {
    const { reader, effective } = this.#options;
    const { fromId, fromSequence, toId, toSequence } = found;
    const [before, end] = await Promise.all(
      [fromSequence, toSequence].map((sequence) => reader.payloadAt(effective.stream.name, sequence)),
    );
    if (end === undefined || end === null) return undefined;
    const { exchangeTimeUs, receiveTimeUs, isReset, instrument } = storedFacts(end);
    if (isReset) return undefined;
    lane.instrument ??= instrument;
    const { exchange, market } = effective;
    const names = { exchange, market, symbol: record.symbol, stream: record.stream };
    const gapSubject = expandSubject(effective.nats.subjects.gap, {
      ...names,
      instrument: instrument ?? record.symbol,
    });
    if (isStated(found, stated, gapSubject)) return undefined;
    const fromTimeUs = before === undefined || before === null ? null : storedFacts(before).exchangeTimeUs;
    const { subject, stream, symbol } = record;
    const head = {
      subject,
      stream,
      symbol,
      msgId: '',
      payload: new Uint8Array(),
      exchangeTimeUs,
      receiveTimeUs,
    };
    const ending: Publishable =
      record.kind === 'trade'
        ? { ...head, kind: 'trade', id: String(toId), sequence: toId }
        : { ...head, kind: 'snapshot', role: 'start', lastId: toId, cause: 'restart' };
    const hole = { fromId, toId, fromTimeUs, fromSequence };
    return { lane, record: ending, hole, toSequence, cause: 'restart', sinceMs: this.#options.sinceMs };
  }
}

/**
 * Since when the other writers of this shard may have left holes unstated. Whoever is killed hands on what it took over: a row
 * of processes, each killed before it could state a hole, may last long.
 */
export function inheritedSinceMs(
  ledger: ShardLedger | undefined,
  {
    writer,
    nowMs,
    lastWordMs,
  }: { readonly writer: string; readonly nowMs: number; readonly lastWordMs: number },
): number | undefined {
  const since = Object.entries(ledger?.writers ?? {})
    .filter(([name, entry]) => name !== writer && nowMs - entry.updatedMs < MAX_AGE_MS)
    .flatMap(([, { closed, updatedMs, unstatedSinceMs }]) => [
      ...(closed ? [] : [updatedMs - lastWordMs]),
      ...(unstatedSinceMs === undefined ? [] : [unstatedSinceMs]),
    ]);
  return since.length === 0 ? undefined : Math.max(nowMs - MAX_AGE_MS, Math.min(...since));
}

/** Since when holes may be in the stream that no gap record states; undefined: none is known of. */
export function unstatedSinceMs({
  holes,
  inherited,
}: {
  readonly holes: Pick<Holes, 'unstatedSinceMs'>;
  readonly inherited: Pick<InheritedHoles, 'unknownSinceMs'>;
}): number | undefined {
  const since = [holes.unstatedSinceMs, inherited.unknownSinceMs].filter((timeMs) => timeMs !== undefined);
  return since.length === 0 ? undefined : Math.min(...since);
}

/** Its message ids tell of every hole, and each is one. */
function showsHoles(record: Publishable): boolean {
  if (record.kind === 'trade')
    return record.mayJump !== true && lastIdOf(record.msgId)?.id === record.sequence;
  return record.kind === 'delta' || record.kind === 'snapshot';
}

function tradeHoles(heads: readonly StoredHead[]): Found[] {
  const ids = heads
    .flatMap(({ msgId, sequence }) => {
      const last = lastIdOf(msgId);
      return last?.kind === 'trade' ? [{ id: last.id, sequence }] : [];
    })
    .toSorted((left, right) => left.id - right.id);
  return ids.flatMap(({ id, sequence }, index) => {
    const before = ids[index - 1];
    if (before === undefined || id <= before.id + 1) return [];
    return [{ fromId: before.id, fromSequence: before.sequence, toId: id, toSequence: sequence }];
  });
}

/** Where a snapshot lies above what the stream had reached. */
function bookHoles(heads: readonly StoredHead[]): Found[] {
  const found: Found[] = [];
  let reached: { readonly id: number; readonly sequence: number } | undefined;
  let idsSinceUs = 0;
  for (const { msgId, sequence, resetTimeUs } of heads) {
    const last = lastIdOf(msgId);
    if (last?.kind !== 'book') continue;
    const isAnew = resetTimeUs !== null && resetTimeUs > idsSinceUs;
    if (isAnew) idsSinceUs = resetTimeUs;
    if (!isAnew && reached !== undefined && last.id <= reached.id) continue;
    if (!isAnew && reached !== undefined && msgId.slice(msgId.lastIndexOf('|') + 1).startsWith('s'))
      found.push({ fromId: reached.id, fromSequence: reached.sequence, toId: last.id, toSequence: sequence });
    reached = { id: last.id, sequence };
  }
  return found;
}

/** As it is, or as a part of a wider one that was filled in between. */
function isStated({ fromId, toId }: Found, stated: readonly Stated[], gapSubject: string): boolean {
  return stated.some(({ subject, from, to }) => subject === gapSubject && from <= fromId && toId <= to);
}
