/**
 * Deribit's trades by REST: `public/get_last_trades_by_instrument`, without a login, from `start_seq` to `end_seq`, both
 * included, at most 1,000. Blocks and legs of combos are among them and are counted with the others.
 */
import { decodeDeribitTrade } from './deribit-frames.ts';
import { parseWithNumberText } from './json-numbers.ts';
import type { TradeSource } from './trade-source.ts';
import type { Malformed, TradeFrame } from './venue.ts';
import { isObject, undecodable } from './wire.ts';

const PAGE_SIZE = 1_000;

export const deribitTrades: TradeSource = {
  ids: 'consecutive',
  pages: 'ascending',
  leavesOutNoTrades: false,
  pageSize: PAGE_SIZE,
  request: (instrument, fromId, toId) => {
    const name = encodeURIComponent(instrument);
    const count = Math.min(toId - fromId + 1, PAGE_SIZE);
    const range = `start_seq=${fromId}&end_seq=${toId}&count=${count}&sorting=asc`;
    return {
      path: `/api/v2/public/get_last_trades_by_instrument?instrument_name=${name}&${range}`,
      weight: 1,
    };
  },
  decode,
};

function decode(text: string): readonly TradeFrame[] | Malformed {
  const answer = parseWithNumberText(text);
  if (answer === undefined) return undecodable('notJson');
  const result = isObject(answer) ? answer['result'] : undefined;
  const list = isObject(result) ? result['trades'] : undefined;
  if (!Array.isArray(list)) return undecodable('missingField');
  const trades: TradeFrame[] = [];
  for (const entry of list as unknown[]) {
    const trade = decodeDeribitTrade(entry);
    if (trade.kind === 'undecodable') return trade;
    trades.push(trade);
  }
  return trades;
}
