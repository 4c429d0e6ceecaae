import type { OutgoingTrade } from '../../../../collector/ports.ts';
import type { SegmentOwner, SpilledRecord } from '../../../../collector/delivery/spill/format.ts';

export const OWNER: SegmentOwner = { v: 1, feedUid: 'uid-1', shard: 0, stream: 'MARKET_DATA' };

export function tradeOf(id: number, subject = 'trade.binance.X', bytes = 40): OutgoingTrade {
  return {
    kind: 'trade',
    stream: 'trade',
    subject,
    msgId: `${subject}|t${id}`,
    payload: new TextEncoder().encode(String(id).padEnd(bytes, '·')),
    symbol: 'X',
    exchangeTimeUs: id,
    receiveTimeUs: id,
    id: String(id),
    sequence: id,
  };
}

export const spilledOf = (id: number, subject?: string, bytes?: number): SpilledRecord => ({
  record: tradeOf(id, subject, bytes),
  pushedMs: id,
  isGap: false,
  unclear: false,
});
