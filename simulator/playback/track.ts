import type { MarketSymbol } from '../ports.ts';
import { symbolLoop } from './loop.ts';
import { recordedSymbols } from './recorded-symbol.ts';
import type { Recording } from './recording.ts';
import { SymbolPlayer } from './symbol-player.ts';
import type { Played } from './symbol-player.ts';

/** Between the last line of a loop and the first of the next; the seams come in the middle of it. */
const PAUSE_MS = 200;

/** One recording, played from its beginning again and again. */
export class Track {
  readonly symbols: readonly MarketSymbol[];
  /** Also of what is not listed. */
  readonly players: ReadonlyMap<string, SymbolPlayer>;
  readonly #recording: Recording;
  readonly #loops: number;
  readonly #periodMs: number;
  #loop = 0;
  #next = 0;

  constructor(recording: Recording, loops: number) {
    this.#recording = recording;
    this.#loops = loops;
    this.symbols = recordedSymbols(recording);
    this.#periodMs = longestSpanMs(recording) + PAUSE_MS;
    const names = new Set([...recording.frames.map(({ symbol }) => symbol), ...recording.snapshots.keys()]);
    this.players = new Map(
      [...names].map((symbol) => [
        symbol,
        new SymbolPlayer(
          recording.dialect,
          symbolLoop(recording, symbol, this.#periodMs),
          recording.snapshots.get(symbol),
        ),
      ]),
    );
  }

  /** Market time of what comes next; infinite: nothing does. */
  get nextMs(): number {
    const begin = this.#loop * this.#periodMs;
    const frame = this.#recording.frames[this.#next];
    if (frame !== undefined) return begin + frame.offsetMs;
    return this.#loop + 1 < this.#loops ? begin + this.#periodMs - PAUSE_MS / 2 : Infinity;
  }

  /** Plays what comes next: one frame, or the seams of all symbols. */
  step(wants: (stream: string) => boolean, play: (played: Played) => void): void {
    const recorded = this.#recording.frames[this.#next];
    if (recorded === undefined) {
      this.#loop += 1;
      this.#next = 0;
      for (const player of this.players.values()) for (const seam of player.nextLoop()) play(seam);
      return;
    }
    this.#next += 1;
    const player = this.players.get(recorded.symbol);
    if (player === undefined) return;
    const change = player.see(recorded);
    if (wants(recorded.stream) || change !== undefined) play({ frame: player.frame(recorded), change });
    const { alias } = recorded;
    if (alias !== undefined && wants(alias)) {
      play({ frame: player.underAlias(recorded, alias), change: undefined });
    }
  }

  state(): Readonly<Record<string, unknown>> {
    const { name, frames, snapshots, skippedLines } = this.#recording;
    return {
      recording: name,
      loop: this.#loop,
      loops: this.#loops === Infinity ? 'forever' : this.#loops,
      periodMs: this.#periodMs,
      framesPlayed: this.#loop * frames.length + this.#next,
      frames: frames.length,
      skippedLines,
      withoutSnapshot: this.symbols.map(({ symbol }) => symbol).filter((symbol) => !snapshots.has(symbol)),
    };
  }
}

/** Of the receive times, and of the venue's own times in any depth stream: neither may run backwards at the join. */
function longestSpanMs(recording: Recording): number {
  const firstMs = new Map<string, number>();
  let longest = recording.spanMs;
  for (const { stream, event } of recording.frames) {
    const timeMs =
      event.kind === 'depth'
        ? event.eventTimeMs
        : event.kind === 'trades'
          ? event.trades.at(-1)?.timeMs
          : event.kind === 'aggTrade'
            ? event.trade.timeMs
            : undefined;
    if (timeMs === undefined) continue;
    const first = firstMs.get(stream);
    if (first === undefined) firstMs.set(stream, timeMs);
    else longest = Math.max(longest, timeMs - first);
  }
  return longest;
}
