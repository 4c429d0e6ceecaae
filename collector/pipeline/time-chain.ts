import { listOf } from '../book/level-reader.ts';
import { detachedBook, detachedDepth, ScannedBook, ScannedDepth } from '../venues/scanned.ts';
import type { BookSnapshot, DepthFrame } from '../venues/venue.ts';

/** Frames of one millisecond that are told apart; the ids between two milliseconds. */
const ORDINALS = 1_000;

/** What a frame holds, in bytes. */
interface Content {
  readonly kind: 'depth' | 'snapshot';
  readonly bids: Buffer;
  readonly asks: Buffer;
  readonly id: number;
}

/**
 * Ids for a venue that gives none: its time in ms · 1000 + the ordinal within the millisecond. A frame repeated word for word
 * keeps its id, so two writers number alike. A loss is not seen by such ids: only the checksum shows it.
 */
export class TimeChain {
  #timeId = 0;
  #lastId = 0;
  /** Of the newest millisecond. */
  readonly #seen: Content[] = [];

  depth(sent: DepthFrame): DepthFrame {
    const { instrument, checksum, reset, exchangeTimeUs, levels } = sent;
    const before = this.#lastId;
    const lastId = this.#number(sent.lastId, sent);
    const prevId = Math.min(before, lastId);
    if (levels !== undefined)
      return new ScannedDepth({ instrument, prevId, lastId, exchangeTimeUs, reset, checksum }, levels);
    const { timed: _, ...frame } = detachedDepth(sent);
    return { ...frame, lastId, prevId };
  }

  state(sent: BookSnapshot): BookSnapshot {
    const { exchangeTimeUs, limit, window, checksum, levels } = sent;
    const lastId = this.#number(sent.lastId, sent);
    if (levels !== undefined)
      return new ScannedBook({ lastId, exchangeTimeUs, limit, window, checksum }, levels);
    const { timed: _, ...snapshot } = detachedBook(sent);
    return { ...snapshot, lastId };
  }

  #number(timeId: number, content: DepthFrame | BookSnapshot): number {
    if (timeId < this.#timeId) return timeId;
    if (timeId > this.#timeId) {
      this.#timeId = timeId;
      this.#seen.length = 0;
    }
    const { kind } = content;
    const { bids, asks } = bytesOf(content);
    const known = this.#seen.find(
      (one) => one.kind === kind && one.bids.equals(bids) && one.asks.equals(asks),
    );
    if (known !== undefined) return known.id;
    const id = timeId + Math.min(this.#seen.length, ORDINALS - 1);
    this.#seen.push({ kind, bids: Buffer.from(bids), asks: Buffer.from(asks), id });
    this.#lastId = Math.max(this.#lastId, id);
    return id;
  }
}

function bytesOf(content: DepthFrame | BookSnapshot): { readonly bids: Buffer; readonly asks: Buffer } {
  const { levels } = content;
  const bids = levels?.bids ?? listOf('bids', content.bids);
  const asks = levels?.asks ?? listOf('asks', content.asks);
  return { bids: bids.bytes.subarray(0, bids.length), asks: asks.bytes.subarray(0, asks.length) };
}
