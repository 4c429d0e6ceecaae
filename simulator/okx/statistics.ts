import { Figures } from '../market/figures.ts';
import type { Standing } from '../market/figures.ts';
import type { MadeFrame, MarketAggTrade, MarketSymbol, SymbolEvent } from '../ports.ts';
import { familyOf, instTypeOf } from './contracts.ts';
import { BLOCKS, CHANNELS, INDEX, SUMMARY } from './statistics-channels.ts';
import type { Pace } from './statistics-channels.ts';
import * as entries from './statistics-data.ts';

/** At most one a contract. */
const LIQUIDATION_EVERY_MS = 1_000;
/** So many aggregated trades for one that is told as a liquidation. */
const TRADES_PER_LIQUIDATION = 8;

interface Watched {
  readonly symbol: MarketSymbol;
  readonly figures: Figures;
  /** By channel. */
  readonly said: Map<string, { readonly timeMs: number; readonly news: string }>;
  liquidatedMs: number;
  blockTrades: number;
}

/** The channels beside books and trades, some an instrument, some a family or a type of instrument. */
export class OkxStatistics {
  readonly #watched = new Map<string, Watched>();
  readonly #families = new Map<string, Watched[]>();

  frames(symbol: MarketSymbol, event: SymbolEvent): readonly MadeFrame[] {
    const watched = this.#of(symbol);
    switch (event.kind) {
      case 'trade':
        watched.figures.onTrade(event.trade);
        return [];
      case 'top':
        watched.figures.onTop(event.best);
        return [];
      case 'aggTrade':
        return liquidation(watched, event.trade);
      default:
        return this.#slot(watched, event.timeMs);
    }
  }

  /** What a subscription begins with; undefined: nothing to say yet, or the channel says nothing by itself. */
  opening(channel: string, name: string): string | undefined {
    const arg = { channel, [channel === SUMMARY.name ? 'instFamily' : 'instId']: name };
    const own = this.#watched.get(name);
    const kind = CHANNELS.find((known) => known.name === channel);
    const data =
      kind !== undefined
        ? entriesOf(own === undefined || !kind.offers(own.symbol) ? [] : [own], kind.entry)
        : channel === INDEX.name
          ? entriesOf(this.#family(name).slice(0, 1), entries.indexEntry)
          : channel === SUMMARY.name
            ? this.#summaries(name)
            : [];
    return data.length === 0 ? undefined : JSON.stringify({ arg, data });
  }

  #slot(watched: Watched, timeMs: number): readonly MadeFrame[] {
    const { symbol, figures } = watched;
    const standing = figures.endSlot(timeMs);
    if (standing === undefined) return [];
    const frames: MadeFrame[] = [];
    for (const channel of CHANNELS) {
      const { name, offers, news, entry } = channel;
      if (!offers(symbol) || !isDue(watched, channel, timeMs, news(symbol, standing))) continue;
      frames.push(made({ channel: name, instId: symbol.symbol }, () => [entry(symbol, standing)]));
    }
    return [...frames, ...this.#familyFrames(watched, standing), ...blockTrade(watched, standing)];
  }

  /** Told once a family, at the pace of the first of its instruments. */
  #familyFrames(watched: Watched, standing: Standing): readonly MadeFrame[] {
    const { symbol } = watched;
    const family = familyOf(symbol);
    const frames: MadeFrame[] = [];
    const { timeMs } = standing;
    if (
      this.#family(family)[0] === watched &&
      isDue(watched, INDEX, timeMs, entries.indexPriceText(standing))
    ) {
      const data = (): readonly object[] => [entries.indexEntry(symbol, standing)];
      frames.push(made({ channel: INDEX.name, instId: family }, data));
    }
    if (this.#options(family)[0] === watched && isDue(watched, SUMMARY, timeMs, '')) {
      frames.push(made({ channel: SUMMARY.name, instFamily: family }, () => this.#summaries(family)));
    }
    return frames;
  }

  #summaries(family: string): readonly object[] {
    return entriesOf(this.#options(family), entries.summaryEntry);
  }

  #family(family: string): readonly Watched[] {
    return this.#families.get(family) ?? [];
  }

  #options(family: string): readonly Watched[] {
    return this.#family(family).filter(({ symbol }) => symbol.kind === 'option');
  }

  #of(symbol: MarketSymbol): Watched {
    let watched = this.#watched.get(symbol.symbol);
    if (watched === undefined) {
      const figures = new Figures(symbol);
      watched = { symbol, figures, said: new Map(), liquidatedMs: -Infinity, blockTrades: 0 };
      this.#watched.set(symbol.symbol, watched);
      this.#families.set(familyOf(symbol), [...this.#family(familyOf(symbol)), watched]);
    }
    return watched;
  }
}

function entriesOf(
  all: readonly Watched[],
  entry: (symbol: MarketSymbol, standing: Standing) => object,
): readonly object[] {
  return all.flatMap(({ symbol, figures: { standing } }) =>
    standing === undefined ? [] : [entry(symbol, standing)],
  );
}

function isDue({ said }: Watched, { name, everyMs, restMs }: Pace, timeMs: number, news: string): boolean {
  const before = said.get(name);
  const waitMs = before?.news === news ? restMs : everyMs;
  if (before !== undefined && timeMs - before.timeMs < waitMs) return false;
  said.set(name, { timeMs, news });
  return true;
}

function liquidation(watched: Watched, trade: MarketAggTrade): readonly MadeFrame[] {
  const { symbol } = watched;
  const isForced =
    (symbol.kind === 'perpetual' || symbol.kind === 'future') && trade.id % TRADES_PER_LIQUIDATION === 0;
  if (!isForced || trade.timeMs - watched.liquidatedMs < LIQUIDATION_EVERY_MS) return [];
  watched.liquidatedMs = trade.timeMs;
  const arg = { channel: 'liquidation-orders', instType: instTypeOf(symbol) };
  return [made(arg, () => [entries.liquidationEntry(symbol, trade)])];
}

function blockTrade(watched: Watched, standing: Standing): readonly MadeFrame[] {
  if (!isDue(watched, BLOCKS, standing.timeMs, '')) return [];
  watched.blockTrades += 1;
  const id = watched.blockTrades;
  const data = (): readonly object[] => [entries.blockTradeEntry(watched.symbol, standing, id)];
  return [made({ channel: BLOCKS.name, instId: watched.symbol.symbol }, data)];
}

interface Argument {
  readonly channel: string;
  readonly instId?: string;
  readonly instFamily?: string;
  readonly instType?: string;
}

/** What subscriptions go by: the one name in the argument beside the channel's. */
export function streamName({ channel, instId, instFamily, instType }: Argument): string {
  return `${instId ?? instFamily ?? instType ?? ''}@${channel}`;
}

function made(arg: Argument, data: () => readonly object[]): MadeFrame {
  return { stream: streamName(arg), data: () => JSON.stringify({ arg, data: data() }) };
}
