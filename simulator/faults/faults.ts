import type { Clock } from '../../runtime/clock.ts';
import type { VenueConnection } from '../connection.ts';
import type { BookText, Protocol, RestAnswer, RestFault } from '../ports.ts';
import type { Snapshots } from '../snapshots.ts';
import type { Fault } from './fault.ts';
import type { FrameFaults } from './frame-faults.ts';
import { takeOne } from './tally.ts';
import type { ArmedFault, FaultTally, ProtocolFaults } from './tally.ts';

export interface FaultContext {
  readonly clock: Clock;
  readonly frames: FrameFaults;
  readonly snapshots: Snapshots;
  readonly connections: () => Iterable<VenueConnection>;
  readonly protocol: Protocol;
  readonly protocolFaults: ProtocolFaults;
}

const CLOSE_GOING_AWAY = 1001;

/** Carries out what is asked: at once, or armed until the next frame, answer or subscription that it meets. */
export class Faults {
  readonly #context: FaultContext;
  readonly #tally: FaultTally;
  readonly #subscriptions: ArmedFault[] = [];
  readonly #answers: (ArmedFault & { readonly kind: RestFault; readonly ms: number })[] = [];
  readonly #books: ArmedFault[] = [];
  readonly #closings = new Set<() => void>();

  constructor(context: FaultContext) {
    this.#context = context;
    this.#tally = context.protocolFaults.tally;
  }

  apply(fault: Fault): void {
    const { kind, symbol, count, ms } = fault;
    this.#tally.ask(kind);
    switch (kind) {
      case 'ackSilent':
        this.#subscriptions.push({ kind, symbol, left: count });
        break;
      case 'restError':
      case 'http429':
      case 'http418':
        this.#answers.push({ kind, symbol, left: count, ms });
        break;
      case 'wrongLevel':
        this.#books.push({ kind, symbol, left: count });
        break;
      case 'secondSnapshot':
      case 'noSnapshot':
      case 'sequenceReset':
      case 'wrongChecksum':
      case 'checksumZero':
      case 'tooManyRequests':
      case 'connectRefused':
        this.#context.protocolFaults.arm({ kind, symbol, left: count });
        break;
      case 'snapshotLag':
        this.#context.snapshots.setLag(ms);
        this.#tally.done(kind);
        break;
      case 'halfOpen':
        for (const connection of this.#meet(fault)) connection.goHalfOpen();
        break;
      case 'disconnect':
        for (const connection of this.#meet(fault)) connection.terminate('closed.disconnect');
        break;
      case 'shutdown':
      case 'lifeEnd':
        this.#closeLater(fault);
        break;
      default:
        this.#context.frames.arm(fault);
    }
  }

  /** Which of these streams a subscription really gets; all are acknowledged. */
  served(streams: readonly string[]): readonly string[] {
    const isOf = (symbol: string | undefined, stream: string): boolean =>
      symbol === undefined || isStreamOf(symbol, stream);
    const fault = takeOne(this.#subscriptions, ({ symbol }) =>
      streams.some((stream) => isOf(symbol, stream)),
    );
    if (fault === undefined) return streams;
    this.#tally.done('ackSilent');
    return streams.filter((stream) => !isOf(fault.symbol, stream));
  }

  /** The answer in place of the right one, if there is one. */
  restAnswer(url: URL): RestAnswer | undefined {
    const fault = takeOne(
      this.#answers,
      ({ symbol }) => symbol === undefined || [...url.searchParams.values()].includes(symbol),
    );
    if (fault === undefined) return undefined;
    this.#tally.done(fault.kind);
    return this.#context.protocol.failure(fault.kind, fault.ms);
  }

  /** A snapshot whose best bid has a stale size, as was once recorded of the venue: ids join, the level is wrong. */
  snapshot(symbol: string, book: BookText): BookText {
    const [best, ...rest] = book.bids;
    if (best === undefined) return book;
    const fault = takeOne(this.#books, (armed) => armed.symbol === undefined || armed.symbol === symbol);
    if (fault === undefined) return book;
    this.#tally.done('wrongLevel');
    const [price, size] = best;
    return { ...book, bids: [[price, staleSize(size)], ...rest] };
  }

  close(): void {
    for (const cancel of this.#closings) cancel();
    this.#context.frames.close();
  }

  /** The live connections it meets, oldest first; each is counted as met. */
  #meet({ kind, symbol, count }: Fault): readonly VenueConnection[] {
    const met = [...this.#context.connections()]
      .filter(({ halfOpen, streams }) => {
        const own = streams.some((stream) => symbol === undefined || isStreamOf(symbol, stream));
        return !halfOpen && (symbol === undefined || own);
      })
      .slice(0, count);
    this.#tally.done(kind, met.length);
    return met;
  }

  /** A shutdown is announced, the end of a connection's life is not. */
  #closeLater(fault: Fault): void {
    const { clock } = this.#context;
    const isShutdown = fault.kind === 'shutdown';
    const connections = this.#meet(fault);
    if (isShutdown) for (const connection of connections) connection.announceEnd();
    const counter = isShutdown ? 'closed.shutdown' : 'closed.life';
    const cancel = clock.after(fault.ms, () => {
      this.#closings.delete(cancel);
      for (const connection of connections) connection.close(CLOSE_GOING_AWAY, counter);
    });
    this.#closings.add(cancel);
  }
}

function isStreamOf(symbol: string, stream: string): boolean {
  return stream.toLowerCase().startsWith(`${symbol.toLowerCase()}@`);
}

/** One more, with as many decimals. */
function staleSize(size: string): string {
  return (Number(size) + 1).toFixed(size.split('.')[1]?.length ?? 0);
}
