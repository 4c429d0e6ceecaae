import type { NatsConnection } from '@nats-io/nats-core';
import type { SettleReply } from '../../contract/control.ts';
import { formatWriter } from '../../contract/identity.ts';
import type { Delivery, DeliveryStatus, Outgoing } from '../ports.ts';
import { Buffer } from './buffer.ts';
import { GapBook } from './gap-book.ts';
import { Holes } from './holes.ts';
import { InheritedHoles, unstatedSinceMs } from './inherited-holes.ts';
import { isStart } from './lane.ts';
import type { DeliveryOptions } from './options.ts';
import { Problems } from './problems.ts';
import { Publisher } from './publisher.ts';
import { Queue } from './queue.ts';
import { makeSpill } from './spill/make-spill.ts';
import { publisherEvents } from './publisher-events.ts';
import { openSession, streamState, type Session } from './session.ts';
import { Statistics } from './statistics.ts';
import { TUNING, type DeliveryTuning } from './tuning.ts';
import { Wire } from './wire.ts';

const IDLE_POLL_MS = 10;
const SESSION_RETRY_MS = 1_000;
const VERIFY_MIN_MS = 500;

/**
 * Queues at once, publishes as soon as NATS, the stream and our entry in the ledger are there. What an earlier process
 * left on disk goes first.
 */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const running = new RunningDelivery(options);
  await running.recover();
  running.start();
  return running;
}

interface Live extends Session {
  readonly wire: Wire;
  readonly publisher: Publisher;
  readonly holes: Holes;
  readonly inherited: InheritedHoles;
}

export class RunningDelivery implements Delivery {
  readonly options: DeliveryOptions;
  readonly tuning: DeliveryTuning;
  readonly buffer: Buffer;
  readonly queue: Queue;
  readonly problems = new Problems();
  readonly statistics = new Statistics();
  readonly gaps: GapBook;
  readonly counters: Record<string, number> = {};
  #connection: NatsConnection | undefined;
  #wire: Wire | undefined;
  #live: Live | undefined;
  #stopTick: (() => void) | undefined;
  #ticking: Promise<void> | undefined;
  #verifying: Promise<void> | undefined;
  #verifiedMs = -Infinity;
  /** When the last comparison began that found a stream and has taken note of it. */
  streamSeenMs = 0;
  #closed = false;
  #wasPressed = false;

  constructor(options: DeliveryOptions) {
    this.options = options;
    this.tuning = { ...TUNING, ...options.tuning };
    const { buffer } = options.effective;
    this.buffer = new Buffer({
      maxBytes: buffer.memoryBytes,
      maxItems: this.tuning.maxQueuedItems,
      whenFull: buffer.whenFull,
      onPressure: () => this.#press(),
    });
    this.queue = new Queue({
      clock: options.clock,
      buffer: this.buffer,
      connected: () => this.#live?.wire.connected === true,
      kick: (lane) => this.#live?.publisher.kick(lane),
      loadPerSecond: this.tuning.loadPerSecond,
      spill: makeSpill({
        options,
        problems: this.problems,
        bump: this.bump,
        onPressure: () => this.#press(),
      }),
    });
    this.gaps = new GapBook({
      clock: options.clock,
      effective: options.effective,
      openGapMs: this.tuning.openGapMs,
      publish: (gap) => this.queue.push(this.buffer.lane(gap.subject, true), gap),
      spilling: () => this.queue.spilling,
      bump: this.bump,
      // Nobody can tell while the stream is out of reach.
      goesOn: async (lane) =>
        this.#live?.wire.connected !== true || (await this.#live.publisher.other.goesOn(lane)),
    });
  }

  get pressed(): boolean {
    return this.buffer.pressed || this.queue.spill?.pressed === true;
  }

  get live(): Live | undefined {
    return this.#live;
  }

  async recover(): Promise<void> {
    await this.queue.spill?.recover();
  }

  start(): void {
    void this.#connect();
  }

  push(record: Outgoing): void {
    if (this.#closed) {
      this.bump('pushedAfterClose');
      return;
    }
    const lane = this.buffer.lane(record.subject, false);
    if (record.kind === 'interrupted') {
      this.gaps.interrupted(lane, record);
      return;
    }
    if (isStart(record) || record.kind === 'trade' || record.kind === 'other') this.gaps.started(lane);
    this.queue.push(lane, record);
  }

  status(): DeliveryStatus {
    const { clock } = this.options;
    const { statistics, buffer, counters } = this;
    const { spill } = this.queue;
    const live = this.#live;
    const nowMs = clock.nowMs();
    if (buffer.full || spill?.full === true) {
      const field = spill?.full === true ? 'buffer.disk' : 'buffer.memory';
      const message = `the queue is nearly full: raise ${field}, or see why NATS is slow`;
      this.problems.raise('BufferFull', message, nowMs);
    } else this.problems.clear('BufferFull');
    return {
      publish: {
        connected: live?.wire.connected ?? false,
        lastConfirmedMs: statistics.lastConfirmedMs,
        inFlight: this.#wire?.inFlight ?? 0,
        queued: buffer.count,
        spilledBytes: spill?.bytes ?? 0,
        dropped: buffer.dropped,
        retries: counters['retries'] ?? 0,
      },
      ledger: live?.counting.ledger() ?? null,
      orphans: live?.counting.orphans ?? [],
      perSecond: statistics.perSecond(nowMs),
      lastMessageMs: statistics.lastMessageMs,
      gaps: this.gaps.count,
      lastGap: this.gaps.last,
      latencyMs: statistics.latencyMs(),
      stages: statistics.stages(),
      problems: this.problems.list(),
      counters: {
        ...counters,
        ...this.#wire?.counters,
        readBacks: live?.publisher.readBacks ?? 0,
        ...live?.holes.counters,
      },
      gauges: {
        queuedBytes: buffer.bytes,
        spillAgeMs: spill?.oldestMs === undefined ? 0 : Math.max(0, nowMs - spill.oldestMs),
        spillUnwrittenBytes: spill?.unwrittenBytes ?? 0,
      },
    };
  }

  async idle(): Promise<void> {
    const settled = (): boolean =>
      this.#live !== undefined &&
      this.buffer.count === 0 &&
      (this.queue.spill?.bytes ?? 0) === 0 &&
      this.#live.counting.count.unresolved === 0 &&
      this.#live.holes.waiting === 0 &&
      !this.#live.inherited.looking;
    while (!settled() && !this.#closed) await this.#sleep(IDLE_POLL_MS);
  }

  async settle(writer: string): Promise<SettleReply> {
    if (writer === this.options.writer) return { kind: 'refused', reason: 'stillMine' };
    if (this.#live?.wire.connected !== true) return { kind: 'refused', reason: 'unreachable' };
    try {
      return await this.#live.counting.settle(writer);
    } catch (error) {
      this.#failed('settle', error);
      return { kind: 'refused', reason: 'unreachable' };
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTick?.();
    for (const lane of this.buffer.lanes.values()) lane.cancelInterrupted?.();
    const live = this.#live;
    const unstatedMs = live === undefined ? undefined : unstatedSinceMs(live);
    for (const part of [live?.publisher, live?.holes, live?.inherited]) part?.close();
    await this.queue.close();
    await this.#ticking;
    const connected = live?.wire.connected === true;
    this.#wire?.close();
    if (live === undefined || !connected) return;
    try {
      const state = await live.reader.state(this.options.effective.stream.name);
      if (state !== null && state.created === live.counting.created)
        live.counting.count.reached(state.lastSequence);
      await live.counting.close(unstatedMs);
    } catch (error) {
      this.#failed('final checkpoint', error);
    }
  }

  /** Compares the stream with the one that is counted; shared by all who suspect it at once. */
  async verifyStream(certain: boolean): Promise<void> {
    const { clock } = this.options;
    if (this.#verifying !== undefined) {
      await this.#verifying;
      // The one under way may have asked before the stream was replaced.
      if (!certain) return;
    } else if (!certain && clock.nowMs() - this.#verifiedMs < VERIFY_MIN_MS) return;
    this.#verifying = this.#compareStream().finally(() => {
      this.#verifying = undefined;
      this.#verifiedMs = clock.nowMs();
    });
    await this.#verifying;
  }

  readonly bump = (name: string, by = 1): void => {
    this.counters[name] = (this.counters[name] ?? 0) + by;
  };

  async #connect(): Promise<void> {
    const { options } = this;
    const nowMs = options.clock.nowMs();
    if (options.connection instanceof Promise)
      this.problems.raise(
        'NatsUnreachable',
        `no connection to ${options.effective.nats.servers.join(', ')} yet`,
        nowMs,
      );
    try {
      this.#connection = await options.connection;
    } catch (error) {
      this.#failed('connection', error);
      return;
    }
    if (this.#closed) return;
    this.problems.clear('NatsUnreachable');
    this.#wire = new Wire({
      connection: this.#connection,
      clock: options.clock,
      ackTimeoutMs: this.tuning.ackTimeoutMs,
      inboxPrefix: options.effective.nats.inboxPrefix,
      onChange: (connected) => this.#onConnected(connected),
    });
    while (!this.#closed && this.#live === undefined) {
      const session = await this.#tryOpen(this.#connection);
      if (session === undefined) await this.#sleep(SESSION_RETRY_MS);
      else this.#begin(session, this.#wire);
    }
  }

  async #tryOpen(connection: NatsConnection): Promise<Session | undefined> {
    const { clock, effective } = this.options;
    try {
      const session = await openSession(connection, this.options, this.problems);
      this.problems.clear('JetStreamUnavailable');
      return session;
    } catch (error) {
      this.#failed('start', error);
      const said = error instanceof Error ? error.message : String(error);
      this.problems.raise(
        'JetStreamUnavailable',
        `JetStream at ${effective.nats.servers.join(', ')} does not answer (${said}): enable it, or see its logs`,
        clock.nowMs(),
      );
      return undefined;
    }
  }

  #begin(session: Session, wire: Wire): void {
    if (this.#closed) return;
    const { clock, effective, feed, shard, writer } = this.options;
    const holes = new Holes({
      clock,
      effective,
      reader: session.reader,
      tuning: this.tuning,
      laneOf: (subject) => this.buffer.lane(subject, false),
      spilling: () => this.queue.spilling,
      onTradesWanted: this.options.onTradesWanted,
      onGap: (gap, met, stated) => this.gaps.closed(gap, met, stated),
      onError: (error) => this.#failed('hole', error),
    });
    const inherited = new InheritedHoles({
      clock,
      effective,
      reader: session.reader,
      sinceMs: session.counting.inheritedSinceMs,
      onHole: (met) => {
        this.bump('holesInherited');
        holes.met(met);
      },
      onError: (error) => this.#failed('inherited-holes', error),
    });
    const publisher = new Publisher({
      buffer: this.buffer,
      wire,
      reader: session.reader,
      count: session.counting.count,
      clock,
      effective,
      tuning: this.tuning,
      duplicateWindowMs: session.state.duplicateWindowMs,
      writerName: formatWriter({ feedUid: feed.uid, shard, writer }),
      counters: this.counters,
      spilling: () => this.queue.spilling,
      events: publisherEvents(this, session, { holes, inherited }),
    });
    this.#live = { ...session, wire, publisher, holes, inherited };
    this.statistics.confirmed(clock.nowMs());
    this.#stopTick = clock.every(this.tuning.checkpointMs, () => this.#tick());
    this.#kickAll();
  }

  #onConnected(connected: boolean): void {
    const { clock, effective } = this.options;
    this.bump(connected ? 'reconnects' : 'disconnects');
    if (!connected) {
      const message = `connection to ${effective.nats.servers.join(', ')} lost; the queue holds on`;
      this.problems.raise('NatsUnreachable', message, clock.nowMs());
      return;
    }
    this.problems.clear('NatsUnreachable');
    this.#kickAll();
  }

  #kickAll(): void {
    for (const lane of this.buffer.lanes.values()) this.#live?.publisher.kick(lane);
  }

  #tick(): void {
    const live = this.#live;
    if (this.#ticking !== undefined || live === undefined || !live.wire.connected) return;
    this.#ticking = this.#checkpoint(live)
      .catch((error: unknown) => this.#failed('checkpoint', error))
      .finally(() => {
        this.#ticking = undefined;
      });
    this.#kickAll();
    this.buffer.forgetIdle(this.tuning.maxLanes, this.queue.spilling);
  }

  async #checkpoint(live: Live): Promise<void> {
    await this.verifyStream(false);
    await live.counting.checkpoint(unstatedSinceMs(live));
  }

  async #compareStream(): Promise<void> {
    const live = this.#live;
    const connection = this.#connection;
    if (live === undefined || connection === undefined) return;
    const startedMs = this.options.clock.nowMs();
    const state = await streamState(live.reader, connection, this.options, this.problems);
    if (state === undefined) return;
    this.statistics.confirmed(this.options.clock.nowMs());
    if (await live.counting.replacedBy(state)) this.#replaced(live, state.created);
    // Only now: until its subjects are known to be empty nothing may be published.
    this.streamSeenMs = startedMs;
  }

  #replaced({ publisher }: Live, created: string): void {
    this.bump('streamsReplaced');
    const { log, effective } = this.options;
    log.warn({ stream: effective.stream.name, created }, 'stream was replaced');
    publisher.streamReplaced();
  }

  #press(): void {
    const { pressed } = this;
    if (pressed === this.#wasPressed) return;
    this.#wasPressed = pressed;
    this.options.onPressure(pressed);
  }

  #failed(what: string, error: unknown): void {
    this.bump(`failed.${what.replaceAll(' ', '-')}`);
    this.options.log.warn({ err: error }, `delivery: ${what} failed`);
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.options.clock.after(delayMs, resolve));
  }
}
