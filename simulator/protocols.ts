import { binanceCoinM, binanceUsdM } from './binance/futures.ts';
import { binanceOptions } from './binance/options.ts';
import { binanceSpot } from './binance/spot.ts';
import { deribit } from './deribit/protocol.ts';
import type { VenueName } from './options.ts';
import { okx } from './okx/protocol.ts';
import type { Protocol } from './ports.ts';
import type { ProtocolRun } from './protocol-run.ts';

export const PROTOCOLS: Readonly<Record<VenueName, (run: ProtocolRun) => Protocol>> = {
  'binance-spot': binanceSpot,
  'binance-usdm': binanceUsdM,
  'binance-coinm': binanceCoinM,
  'binance-options': binanceOptions,
  okx,
  deribit,
};
