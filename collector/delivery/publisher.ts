import type { Answer } from './answers.ts';
import { interrupt, markDropped } from './buffer.ts';
import {
  advanceBook,
  advanceTrade,
  asReset,
  bookHole,
  decideDelta,
  decideSnapshot,
  tradeHole,
  type ChainState,
  type Decision,
} from './chain.ts';
import { isOtherChange, ofItsOwnId } from './earlier-ids.ts';
import { publishHeaders } from './headers.ts';
import { changeStream, isLate, isStart, showsHoles, type Item, type Lane } from './lane.ts';
import { OtherWriter } from './other-writer.ts';
import type { PublisherOptions } from './publisher-ports.ts';
import { ReadBack } from './read-back.ts';
import { Slots } from './slots.ts';
import type { StreamReader } from './stream-reader.ts';
import { instrumentOf, tailOf } from './tail.ts';

/** Takes the queues to the stream: one record of a subject at a time, many subjects at once. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #slots: Slots;
  readonly #readBack: ReadBack;
  readonly other: OtherWriter;
  /** When nobody took a publish: the stream that takes the next one may be another, whose first records have to say so. */
  #goneMs = -Infinity;
  #closed = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { tuning, clock, reader, duplicateWindowMs, count } = options;
    this.#slots = new Slots(tuning.window);
    this.other = new OtherWriter(options, (name) => this.#bump(name));
    this.#readBack = new ReadBack({
      clock,
      reader,
      streamOf: (lane) => this.#streamOf(lane),
      freshMs: Math.min(tuning.freshMaxMs, duplicateWindowMs / 4),
      spilling: options.spilling,
      onReached: (lane, sequence) => {
        if (!lane.isGap) count.reached(sequence);
      },
    });
  }

  get readBacks(): number {
    return this.#readBack.reads;
  }

  close(): void {
    this.#closed = true;
  }

  streamReplaced(): void {
    this.#readBack.streamReplaced();
    const { buffer, events } = this.#options;
    for (const lane of buffer.lanes.values()) {
      if (lane.isGap) continue;
      changeStream(lane);
      // Who reads the new stream from its beginning needs one to start from.
      if (lane.tail.kind === 'book') events.onSnapshotWanted(lane.subject);
    }
  }

  /** Works on the lane until its queue is empty, unless somebody does. */
  kick(lane: Lane): void {
    if (lane.resyncCause !== undefined && this.#running) this.#askForStart(lane);
    if (lane.draining || lane.head === undefined || !this.#running) return;
    lane.draining = true;
    void this.#drain(lane);
  }

  get #running(): boolean {
    return !this.#closed && this.#options.wire.connected;
  }

  async #drain(lane: Lane): Promise<void> {
    const { clock, tuning, events } = this.#options;
    for (let item = lane.head; item !== undefined && this.#running; item = lane.head) {
      try {
        await this.#step(lane, item);
      } catch (error) {
        // A read failed; the record stays, nothing is decided without it.
        this.#bump('readFailures');
        events.onError(error);
        await this.#sleep(tuning.retryFirstMs * 4);
      }
    }
    lane.draining = false;
    if (lane.resyncCause !== undefined && clock.nowMs() - lane.resyncAskedMs >= tuning.resyncMinMs)
      this.kick(lane);
  }

  async #step(lane: Lane, item: Item): Promise<void> {
    if (this.#readBack.isDue(lane, item)) await this.#readBack.request(lane, item);
    const held = lane.held.get(item.record.msgId);
    if (held !== undefined && !isOtherChange(lane.tail, item.record, held)) {
      const ours = this.#isOurs(item, held.writer, held.sequence);
      this.#resolved(lane, item, held.sequence, ours);
      return;
    }
    const decision = this.#decide(lane, item);
    if (this.other.mayFill({ lane, record: item.record, decision })) {
      await this.#sleep(this.other.lookMs);
      return this.#readTail(lane);
    }
    switch (decision.kind) {
      case 'readTail':
        return this.#readTail(lane);
      case 'publish':
        return this.#attempt(lane, item, decision.expectedSequence);
      case 'restart':
        if (item.record.kind === 'snapshot') item.record = asReset(item.record);
        this.#bump('idsRestarted');
        return;
      case 'leaveOut':
        if (item.unclear && lane.readBackMs <= item.triedMs) return this.#readBack.request(lane, item);
        return this.#leaveOut(lane, item, decision.why);
      case 'resync':
        if (item.unclear && lane.readBackMs <= item.triedMs) return this.#readBack.request(lane, item);
        this.#giveUp(item);
        this.#options.buffer.shift(lane);
        this.#bump('holes');
        interrupt(lane, item.record, item.afterDrop ?? decision.cause);
        if (lane.resyncCause !== undefined) this.#askForStart(lane);
        return;
    }
  }

  #decide(lane: Lane, { record, pushedMs }: Item): Decision {
    const state: ChainState = {
      tail: lane.tail,
      fresh: lane.tailReadMs > pushedMs,
      awaitingStart: lane.awaitingStart,
      snapshotsOnly: this.#options.effective.orderbook.mode === 'snapshot',
    };
    if (record.kind === 'delta') return decideDelta(state, record);
    if (record.kind === 'snapshot') return decideSnapshot(state, record);
    if (record.kind === 'trade' && lane.tail.kind === 'unknown') return { kind: 'readTail' };
    return { kind: 'publish', expectedSequence: null };
  }

  async #readTail(lane: Lane): Promise<void> {
    const startedMs = this.#options.clock.nowMs();
    const last = await this.#options.reader.last(this.#streamOf(lane), lane.subject);
    const isFirst = lane.tail.kind === 'unknown';
    lane.tail = tailOf(last, lane.tail);
    this.other.seen(lane, last);
    if (isFirst && lane.head !== undefined) this.#options.events.onFirstTail(lane, lane.head.record);
    lane.tailReadMs = startedMs;
    // The record may have been made within this very millisecond: let the clock move on.
    if (lane.head !== undefined && lane.head.pushedMs >= startedMs) await this.#sleep(1);
  }

  async #leaveOut(lane: Lane, item: Item, why: string): Promise<void> {
    const { events, buffer } = this.#options;
    const { record } = item;
    this.#giveUp(item);
    this.#bump(`leftOut.${why}`);
    buffer.shift(lane);
    if (isStart(record)) {
      lane.awaitingStart = false;
      lane.hope = undefined;
      events.onJoined(lane, record);
    }
    if (why === 'notAtState' && !lane.awaitingStart) events.onSnapshotWanted(record.subject);
  }

  async #attempt(lane: Lane, item: Item, expectedSequence: number | null): Promise<void> {
    const { wire, count, clock, tuning, events, buffer } = this.#options;
    const { record } = item;
    if (record.kind === 'snapshot' && record.role === 'periodic' && (await events.snapshotIsYoung(lane))) {
      this.#giveUp(item);
      this.#bump('leftOut.young');
      buffer.shift(lane);
      return;
    }
    if (!lane.isGap && this.#mayBeAnother) return this.#lookForStream(item);
    if (!lane.isGap && item.floor === undefined && count.waiting >= tuning.maxWaitingCounts)
      return this.#sleep(tuning.retryFirstMs);
    const turn = this.#slots.take();
    if (turn !== undefined) await turn;
    if (!this.#running) {
      this.#slots.release();
      return;
    }
    item.floor ??= lane.isGap ? 0 : count.sent(item);
    const retried = item.unclear;
    item.triedMs = clock.nowMs();
    const answer = await wire.send({
      subject: record.subject,
      payload: record.payload,
      headers: publishHeaders(lane, record, {
        stream: this.#streamOf(lane),
        writer: this.#options.writerName,
        expectedSequence,
      }),
    });
    this.#slots.release();
    await this.#onAnswer(lane, item, answer, retried);
  }

  async #onAnswer(lane: Lane, item: Item, answer: Answer, retried: boolean): Promise<void> {
    const { events, reader, clock } = this.#options;
    if (answer.kind !== 'retry') events.onConfirmed();
    switch (answer.kind) {
      case 'stored':
        // A new record lies above all that was known when it was sent, unless the stream is another one.
        if (!lane.isGap && answer.sequence <= (item.floor ?? 0)) await events.verifyStream(true);
        return this.#resolved(lane, item, answer.sequence, true);
      case 'duplicate': {
        if (await this.#isOfEarlierIds(lane, item, answer.sequence)) return;
        let ours = false;
        if (retried && !lane.isGap && answer.sequence > (item.floor ?? 0)) {
          const writer = await this.#writerAt(reader, lane, answer.sequence);
          if (writer === undefined) return;
          ours = writer === this.#options.writerName;
        }
        return this.#resolved(lane, item, answer.sequence, ours);
      }
      case 'wrongLastSequence':
        lane.tailReadMs = -Infinity;
        this.#bump('expectationsRefused');
        if (item.record.kind === 'snapshot' && item.record.role === 'periodic' && !item.unclear)
          await this.#leaveOut(lane, item, 'notAtState');
        else await this.#readTail(lane);
        return;
      case 'drop':
        this.#giveUp(item);
        this.#options.buffer.shift(lane);
        this.#options.buffer.dropped += 1;
        markDropped(lane, 1 + item.lostBefore);
        interrupt(lane, item.record, 'overflow');
        events.onDropped(answer.reason, lane.subject);
        return;
      case 'retry':
        item.unclear ||= answer.unclear;
        this.#bump('retries');
        this.#bump(`retries.${answer.reason}`);
        if (answer.reason === 'noResponders' && !lane.isGap) this.#goneMs = clock.nowMs();
        events.onRetry(answer.reason);
        if (answer.reason === 'disconnected') return;
        await this.#backOff(item);
        return;
    }
  }

  get #mayBeAnother(): boolean {
    return this.#options.events.streamSeenMs() <= this.#goneMs;
  }

  /** Afterwards the record is decided on anew. */
  async #lookForStream(item: Item): Promise<void> {
    const { events } = this.#options;
    await events.verifyStream(false).catch((error: unknown) => events.onError(error));
    if (this.#mayBeAnother) await this.#backOff(item);
  }

  /** True: it is to be sent again, under an id of its own or after a failed look. */
  async #isOfEarlierIds(lane: Lane, item: Item, sequence: number): Promise<boolean> {
    const stream = this.#streamOf(lane);
    const since = (at: number): Promise<number | null> => this.#options.reader.resetTimeAt(stream, at);
    const renamed = await this.#looked(ofItsOwnId(lane.tail, item.record, sequence, since));
    if (renamed === null) return false;
    if (renamed !== undefined) {
      item.record = renamed;
      this.#bump('idsOfEarlierReset');
    }
    return true;
  }

  /** The writer of a stored record; null when it is gone; undefined when the read failed and the record has to be tried again. */
  async #writerAt(reader: StreamReader, lane: Lane, sequence: number): Promise<string | null | undefined> {
    this.#bump('unclearDuplicates');
    const writer = await this.#looked(reader.writerAt(this.#streamOf(lane), sequence));
    if (writer === null) this.#options.events.onLost(sequence);
    return writer;
  }

  /** Undefined when the look failed, after a pause. */
  async #looked<T>(look: Promise<T>): Promise<T | undefined> {
    try {
      return await look;
    } catch (error) {
      this.#options.events.onError(error);
      await this.#sleep(this.#options.tuning.retryFirstMs);
      return undefined;
    }
  }

  /** The record lies in the stream at `sequence`, put there by us or by another. */
  #resolved(lane: Lane, item: Item, sequence: number, ours: boolean): void {
    const { count, buffer, events } = this.#options;
    const { record } = item;
    if (!lane.isGap) {
      if (ours) count.stored(item, sequence, record.stream);
      else count.duplicate(item);
    }
    count.reached(lane.isGap ? 0 : sequence);
    if (!lane.isGap) this.#readBack.reached(sequence);
    this.#attempts.delete(item);
    lane.instrument ??= instrumentOf(record.payload);
    const { tail, begun } = lane;
    lane.begun = true;
    let hole;
    if (record.kind === 'trade') {
      hole = tradeHole(tail, record);
      const joins = hole === undefined && !isLate(record);
      if (joins && lane.openGapFrom !== undefined) events.onJoined(lane, record);
      lane.tail = advanceTrade(tail, record, sequence);
    } else if (record.kind === 'delta' || record.kind === 'snapshot') {
      lane.hope = undefined;
      if (record.kind === 'snapshot') hole = bookHole(tail, record);
      lane.tail = advanceBook(tail, record, sequence);
    }
    buffer.shift(lane);
    if (ours) {
      lane.isOthers = false;
      events.onStored(item, lane);
    }
    if (record.kind === 'snapshot') {
      if (ours) events.onSnapshotStored(lane, record, sequence);
      if (isStart(record)) {
        lane.awaitingStart = false;
        if (hole === undefined) events.onJoined(lane, record);
      }
    }
    if (hole !== undefined) {
      const ofTrades = begun ? 'network' : 'restart';
      const cause = item.afterDrop ?? (record.kind === 'snapshot' ? record.cause : ofTrades);
      events.onHole({ lane, record, hole, toSequence: sequence, cause });
    } else if (item.lostBefore > 0 && !lane.isGap && !showsHoles(record)) {
      events.onLostRange({ lane, record, missing: item.lostBefore, toSequence: sequence });
    }
    if (!isLate(record)) lane.storedTimeUs = record.exchangeTimeUs ?? lane.storedTimeUs;
  }

  #isOurs(item: Item, writer: string, sequence: number): boolean {
    return writer === this.#options.writerName && item.floor !== undefined && sequence > item.floor;
  }

  /** Not to be sent again: it leaves the count of what is in flight. */
  #giveUp(item: Item): void {
    if (item.floor !== undefined) this.#options.count.notStored(item);
    this.#attempts.delete(item);
  }

  #askForStart(lane: Lane): void {
    const { clock, tuning, events } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - lane.resyncAskedMs < tuning.resyncMinMs) return;
    lane.resyncAskedMs = nowMs;
    this.#bump('startsWanted');
    events.onResync(lane);
  }

  #streamOf(lane: Lane): string {
    const { effective } = this.#options;
    return lane.isGap ? effective.gapStream.name : effective.stream.name;
  }

  readonly #attempts = new WeakMap<Item, number>();

  #backOff(item: Item): Promise<void> {
    const { retryFirstMs, retryMaxMs } = this.#options.tuning;
    const attempt = this.#attempts.get(item) ?? 0;
    this.#attempts.set(item, attempt + 1);
    return this.#sleep(Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(attempt, 20)));
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, resolve));
  }

  #bump(name: string): void {
    const { counters } = this.#options;
    counters[name] = (counters[name] ?? 0) + 1;
  }
}
