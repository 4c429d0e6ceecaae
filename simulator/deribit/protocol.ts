import { DERIBIT_PLAYBACK } from '../playback/deribit.ts';
import type { BookText, MarketSymbol, Protocol, RestAnswer, VenueContext } from '../ports.ts';
import type { ProtocolRun } from '../protocol-run.ts';
import { InstrumentChannels, isTop, streamOf } from './channels.ts';
import { snapshotData, subscriptionFrame, topData } from './frames.ts';
import { DEFAULT_SYMBOLS, deribitInstrument } from './instruments.ts';
import { DERIBIT_LIMITS } from './limits.ts';
import { VOLATILITY_INDEXES } from './methods.ts';
import { DeribitRest, deribitFailure } from './rest.ts';
import { DeribitSession } from './session.ts';
import type { Channels } from './session.ts';

const WEB_SOCKET_PATH = '/ws/api/v2';

export function deribit({ takeFault }: ProtocolRun): Protocol {
  const instruments = new Map<string, InstrumentChannels>();
  const rest = new DeribitRest();
  const channelsOf = (symbol: MarketSymbol): InstrumentChannels => {
    let channels = instruments.get(symbol.symbol);
    if (channels === undefined) {
      channels = new InstrumentChannels(symbol, () => takeFault('secondSnapshot', symbol.symbol));
      instruments.set(symbol.symbol, channels);
    }
    return channels;
  };
  return {
    title: 'Deribit',
    webSocketPaths: [WEB_SOCKET_PATH],
    restPath: '/api/v2',
    limits: DERIBIT_LIMITS,
    symbolForm: 'BTC-USD-PERP, BTC-USD-20270625 or BTC-USD-20270625-20000-C',
    defaultSymbols: DEFAULT_SYMBOLS,
    depthSlotsMs: [100],
    idsJump: true,
    venueFaults: ['tooManyRequests', 'noSnapshot', 'secondSnapshot'],
    instrument: deribitInstrument,
    playback: DERIBIT_PLAYBACK,
    frames: (symbol, event) => channelsOf(symbol).frames(event),
    endpoint(url, context) {
      if (url.pathname !== WEB_SOCKET_PATH) return 404;
      const channels = venueChannels(context, channelsOf, takeFault);
      return (connection) => new DeribitSession(connection, context, channels);
    },
    rest: (url, address, context): RestAnswer => rest.answer(url, address, context),
    failure: deribitFailure,
    publishedBook: (symbol): BookText | undefined => instruments.get(symbol)?.published?.text(),
  };
}

function venueChannels(
  { market, marketNowMs, distort }: VenueContext,
  channelsOf: (symbol: MarketSymbol) => InstrumentChannels,
  takeFault: ProtocolRun['takeFault'],
): Channels {
  const instrumentOf = (channel: string): MarketSymbol | undefined =>
    market.symbols.find(({ symbol }) => symbol === channel.split('.')[1]);
  return {
    refuses: () => takeFault('tooManyRequests', ''),
    offers(channel) {
      const [family, name = ''] = channel.split('.');
      if (streamOf(channel) === undefined) return false;
      return family === 'deribit_volatility_index'
        ? VOLATILITY_INDEXES.includes(name)
        : instrumentOf(channel) !== undefined;
    },
    opening(channel) {
      const symbol = instrumentOf(channel);
      if (symbol === undefined) return undefined;
      if (channel.startsWith('ticker.')) return channelsOf(symbol).tickerNow();
      const live = channel.startsWith('book.') ? market.book(symbol.symbol) : undefined;
      if (live === undefined) return undefined;
      const stamp = market.bookStamp?.(symbol.symbol);
      const book =
        stamp === undefined
          ? channelsOf(symbol)
              .publishedFrom(() => live)
              .text()
          : live;
      const timeMs = stamp?.timeMs ?? marketNowMs();
      const about = { instrument: symbol.symbol, timeMs, changeId: book.lastUpdateId };
      // One level deep: the whole of it each time, in a form of its own.
      if (isTop(channel)) {
        const best = { ...book, bids: book.bids.slice(0, 1), asks: book.asks.slice(0, 1) };
        return subscriptionFrame(channel, topData(about, best));
      }
      if (takeFault('noSnapshot', symbol.symbol)) return undefined;
      return subscriptionFrame(channel, snapshotData(about, distort(symbol.symbol, book)));
    },
  };
}
