import { spotInstrument } from '../market/instrument.ts';
import { SPOT_PLAYBACK } from '../playback/binance.ts';
import type { MadeFrame, MarketSymbol, Protocol, SymbolEvent } from '../ports.ts';
import { aggTradeData, bookTickerData, depthData, streamName, tradeData } from './frames.ts';
import { BINANCE_SPOT_LIMITS } from './limits.ts';
import { SPOT_REST, binanceFailure, binanceRest } from './rest.ts';
import { binanceEndpoint } from './session.ts';
import { RequestWeights } from './weights.ts';

export function binanceSpot(): Protocol {
  let weights: RequestWeights | undefined;
  return {
    title: 'Binance spot',
    webSocketPaths: ['/stream', '/ws'],
    restPath: SPOT_REST.prefix,
    limits: BINANCE_SPOT_LIMITS,
    symbolForm: 'BASE-QUOTE',
    defaultSymbols: ['BTC-USDT', 'ETH-USDT'],
    depthSlotsMs: [100, 1_000],
    idsJump: false,
    venueFaults: ['lifeEnd', 'http418'],
    instrument: spotInstrument,
    playback: SPOT_PLAYBACK,
    frames: spotFrames,
    endpoint: (url, context) => binanceEndpoint(url, context, { prefix: '', serves: () => true }),
    rest(url, address, context) {
      weights ??= new RequestWeights(context.limits);
      return binanceRest(url, address, { ...context, weights, flavour: SPOT_REST });
    },
    failure: (kind, retryAfterMs) => binanceFailure(kind, retryAfterMs, BINANCE_SPOT_LIMITS.weightPerMinute),
  };
}

function spotFrames({ symbol }: MarketSymbol, event: SymbolEvent): readonly MadeFrame[] {
  switch (event.kind) {
    case 'trade':
      return [{ stream: streamName(symbol, 'trade'), data: () => tradeData(symbol, event.trade) }];
    case 'aggTrade':
      return [{ stream: streamName(symbol, 'aggTrade'), data: () => aggTradeData(symbol, event.trade) }];
    case 'top': {
      const data = (): string => {
        const { bid, ask } = event.best();
        return bookTickerData(symbol, event.updateId, bid, ask);
      };
      return [{ stream: streamName(symbol, 'bookTicker'), data }];
    }
    case 'depth': {
      const stream = streamName(symbol, event.everyMs === 100 ? 'depth@100ms' : 'depth');
      return [{ stream, data: () => depthData(symbol, { ...event, ...event.changes() }) }];
    }
    default:
      return [];
  }
}
