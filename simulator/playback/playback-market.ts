import { SimulatorError } from '../simulator-error.ts';
import type {
  BookChange,
  BookStamp,
  BookText,
  FrameSink,
  Market,
  MarketAggTrade,
  MarketSymbol,
  MarketTrade,
} from '../ports.ts';
import type { Recording } from './recording.ts';
import type { SymbolPlayer } from './symbol-player.ts';
import { Track } from './track.ts';

/** Recordings played side by side, each from its own beginning, on one market clock. */
export class PlaybackMarket implements Market {
  readonly kind = 'playback';
  readonly pauseGridMs = 1;
  readonly symbols: readonly MarketSymbol[];
  onBookChange: ((change: BookChange) => void) | undefined;
  readonly #tracks: readonly Track[];
  readonly #players = new Map<string, SymbolPlayer>();
  #reachedMs = 0;
  #frames = 0;

  /** `loops` may be infinite. */
  constructor(recordings: readonly Recording[], loops: number) {
    this.#tracks = recordings.map((recording) => new Track(recording, loops));
    this.symbols = this.#tracks.flatMap(({ symbols }) => symbols);
    for (const track of this.#tracks) {
      for (const { symbol } of track.symbols) {
        const player = track.players.get(symbol);
        if (player === undefined) continue;
        if (this.#players.has(symbol))
          throw new SimulatorError(`--recordings: ${symbol} is in more than one of them`);
        this.#players.set(symbol, player);
      }
    }
  }

  get finished(): boolean {
    return this.#tracks.every(({ nextMs }) => nextMs === Infinity);
  }

  readonly timeMs = undefined;

  /** Recorded times stay as they are. */
  setOrigin(): void {
    return undefined;
  }

  advance(toMs: number, maxFrames: number, sink: FrameSink): number {
    for (let count = 0; count < maxFrames; count += 1) {
      const track = this.#earliest();
      if (track === undefined || track.nextMs > toMs) {
        this.#reachedMs = Math.max(this.#reachedMs, toMs);
        return this.#reachedMs;
      }
      this.#reachedMs = track.nextMs;
      track.step(
        (stream) => sink.wants(stream),
        ({ frame, change }) => {
          if (change !== undefined) this.onBookChange?.(change);
          if (!sink.wants(frame.stream)) return;
          this.#frames += 1;
          sink.push(frame);
        },
      );
    }
    return this.#reachedMs;
  }

  book(symbol: string): BookText | undefined {
    return this.#players.get(symbol)?.book();
  }

  snapshot(symbol: string): BookText | undefined {
    return this.#players.get(symbol)?.served(this.#reachedMs);
  }

  bookStamp(symbol: string): BookStamp | undefined {
    return this.#players.get(symbol)?.bookStamp;
  }

  opening(symbol: string, distort: (book: BookText) => BookText): string | undefined {
    return this.#players.get(symbol)?.opening(distort);
  }

  trades(symbol: string, fromId: number | undefined, limit: number): readonly MarketTrade[] {
    return this.#players.get(symbol)?.trades.list(fromId, limit) ?? [];
  }

  aggTrades(symbol: string, fromId: number | undefined, limit: number): readonly MarketAggTrade[] {
    return this.#players.get(symbol)?.aggTrades.list(fromId, limit) ?? [];
  }

  state(): Readonly<Record<string, unknown>> {
    return { framesSent: this.#frames, tracks: this.#tracks.map((track) => track.state()) };
  }

  #earliest(): Track | undefined {
    let earliest: Track | undefined;
    for (const track of this.#tracks)
      if (earliest === undefined || track.nextMs < earliest.nextMs) earliest = track;
    return earliest;
  }
}
