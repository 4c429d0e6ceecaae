import type { EffectiveFeed } from '../../contract/effective.ts';
import { gapIdentity, messageId } from '../../contract/identity.ts';
import type { GapCause, GapRecord } from '../../contract/record.ts';
import { expandSubject } from '../../contract/subjects.ts';
import type { StreamName } from '../../contract/feed.ts';
import type { OutgoingOther } from '../ports.ts';

export interface GapStatement {
  readonly subject: string;
  readonly stream: StreamName;
  readonly symbol: string;
  readonly instrument: string;
  readonly fromId: number | string | null;
  readonly fromTimeUs: number | null;
  /** Null while the gap is open. */
  readonly to: {
    readonly id: number | string | null;
    readonly timeUs: number | null;
    readonly sequence: number;
  } | null;
  readonly cause: GapCause;
  readonly missing: number | undefined;
  readonly receiveTimeUs: number;
}

/** A gap record, ready for its own subject. */
export function gapOutgoing(effective: EffectiveFeed, gap: GapStatement): OutgoingOther {
  const { exchange, market } = effective;
  const { stream, symbol, instrument } = gap;
  const subject = expandSubject(effective.nats.subjects.gap, {
    exchange,
    market,
    symbol,
    instrument,
    stream,
  });
  const record: GapRecord = {
    v: 1,
    type: 'gap',
    exchange,
    market,
    symbol,
    instrument,
    exchangeTime: gap.to?.timeUs ?? null,
    receiveTime: gap.receiveTimeUs,
    subject: gap.subject,
    stream,
    fromId: gap.fromId,
    fromTime: gap.fromTimeUs,
    toId: gap.to?.id ?? null,
    toTime: gap.to?.timeUs ?? null,
    toSeq: gap.to?.sequence ?? null,
    cause: gap.cause,
    ...(gap.missing === undefined ? {} : { missing: gap.missing }),
  };
  // Records without ids: their times tell one gap from another.
  const fromId = gap.fromId ?? `@${gap.fromTimeUs}`;
  const toId = gap.to === null ? null : String(gap.to.id ?? `@${gap.to.timeUs}`);
  return {
    kind: 'other',
    subject,
    msgId: messageId(subject, gapIdentity(String(fromId), toId)),
    payload: new TextEncoder().encode(JSON.stringify(record)),
    stream,
    symbol,
    exchangeTimeUs: record.exchangeTime,
    receiveTimeUs: gap.receiveTimeUs,
  };
}
