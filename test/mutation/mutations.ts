export interface Mutation {
  /** What is taken out. */
  readonly name: string;
  readonly file: string;
  /** Exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Test files of which one at least has to turn red. */
  readonly tests: readonly string[];
  /** Only tests of this name: what is taken out concerns more venues than this one. */
  readonly only?: string;
  /** A test that waits for what never comes is red after so long. */
  readonly timeoutMs?: number;
}

const PIPELINE = 'test/collector/pipeline';
const EVERY_RULE = `${PIPELINE}/every-rule.test.ts`;
const SEQUENCE = 'collector/book/sequence.ts';
const SYMBOL_BOOK = 'collector/pipeline/symbol-book.ts';
const LINKED = {
  file: SEQUENCE,
  from: "return this.#applied.some(repeats) ? 'stale' : 'gap';",
  to: "return this.#applied.some(repeats) ? 'stale' : 'continues';",
};

const LOSS = 'test/integration/delivery/loss.test.ts';
const READ_BACK = 'test/integration/delivery/read-back.test.ts';

/** Each a check that keeps a wrong book, or a hole, from being published. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'Binance spot: `U` follows the last `u`',
    file: 'collector/venues/binance.ts',
    from: 'prevId: (U as number) - 1',
    to: 'prevId: 0 * (U as number)',
    tests: [EVERY_RULE],
    only: 'Binance spot',
  },
  {
    name: 'Binance futures and options: `pu` is the last `u`',
    file: 'collector/venues/binance-chained-book.ts',
    from: 'prevId: pu as number',
    to: 'prevId: 0 * (pu as number)',
    tests: [EVERY_RULE],
    only: 'Binance (USD-M|COIN-M|options)',
  },
  { name: 'OKX: `prevSeqId` is the last `seqId`', ...LINKED, tests: [EVERY_RULE], only: 'OKX' },
  {
    name: 'Deribit: `prev_change_id` is the last `change_id`',
    ...LINKED,
    tests: [EVERY_RULE],
    only: 'Deribit',
  },
  {
    name: 'OKX: ids that restart are a reset',
    file: SYMBOL_BOOK,
    from: "if (frame.reset === true) this.#ports.count('depthReset');",
    to: 'if (frame.reset === true) return;',
    tests: [EVERY_RULE, `${PIPELINE}/okx-chain.test.ts`],
  },
  {
    name: 'a snapshot is asked for once («snapshot pending»)',
    file: 'collector/pipeline/book-start.ts',
    from: 'if (this.#asked || !this.#isOpen) return false;',
    to: 'if (!this.#isOpen) return false;',
    tests: [EVERY_RULE, `${PIPELINE}/book-edges.test.ts`],
  },
  {
    name: 'a state that a new subscription brings is waited for («snapshot pending»)',
    file: 'collector/pipeline/book-start.ts',
    from: 'const isComing = this.#comingSinceMs !== undefined;',
    to: 'const isComing = this.#comingSinceMs === null;',
    tests: [`${PIPELINE}/book-edges.test.ts`],
  },
  {
    name: 'a resubscription is spaced («resubscribe storm»)',
    file: 'collector/pipeline/book-start.ts',
    from: 'if (sinceMs < this.#spacingMs) return false;',
    to: '',
    tests: [`${PIPELINE}/okx-chain.test.ts`],
  },
  {
    name: 'an answer to an older question is ignored',
    file: SYMBOL_BOOK,
    from: "if (generation !== this.#start.generation || this.#state === 'inSync') {",
    to: "if (this.#state === 'inSync') {",
    tests: [`${PIPELINE}/book-edges.test.ts`],
  },
  {
    name: 'a snapshot older than the stream is not begun with',
    file: 'collector/pipeline/snapshot-bridge.ts',
    from: 'return next.frame.prevId <= snapshot.lastId ?',
    to: 'return next.frame.prevId <= Number.MAX_SAFE_INTEGER ?',
    tests: [EVERY_RULE, `${PIPELINE}/book-edges.test.ts`],
  },
  {
    name: 'nothing of a chain outlives its connection',
    file: SYMBOL_BOOK,
    from: "this.#lose('network', receiveTimeUs, nowMs, 'the connection was lost');",
    to: '',
    tests: [`${PIPELINE}/book-edges.test.ts`],
  },
  {
    name: 'a gap record is asked for when a chain ends',
    file: SYMBOL_BOOK,
    from: 'this.#publication.interrupted(this.#symbol, cause, receiveTimeUs);',
    to: '',
    tests: [EVERY_RULE],
  },
  {
    name: 'trade ids follow each other',
    file: 'collector/delivery/chain.ts',
    from: 'if (first <= tail.id + 1) return undefined;',
    to: 'if (first <= Number.MAX_SAFE_INTEGER) return undefined;',
    tests: ['test/collector/delivery/chain.test.ts', 'test/collector/venues/binance-futures.test.ts'],
  },
  {
    name: 'a fetched trade names the ids before it that are none',
    file: 'collector/pipeline/hole-pages.ts',
    from: 'return first < id ? first : undefined;',
    to: 'return undefined;',
    tests: ['test/collector/delivery/trade-holes.test.ts'],
  },
  {
    name: 'ids at the end of a hole that are no trades are stated',
    file: 'collector/delivery/holes.ts',
    from: 'if ((fetched?.noTrades ?? 0) > 0 && last < met.hole.toId - 1) this.#state(met, last, 0);',
    to: '',
    tests: ['test/collector/delivery/trade-holes.test.ts'],
  },
  {
    name: "OKX's checksum",
    file: SYMBOL_BOOK,
    from: 'const isEqual = this.#book.checksum() === checksum;',
    to: 'const isEqual = true;',
    tests: [`${PIPELINE}/okx-chain.test.ts`],
  },
  {
    name: "the venue's top at the same id",
    file: 'collector/pipeline/top-check.ts',
    from: 'return isSameLevel(ours.bid, venue.bid) && isSameLevel(ours.ask, venue.ask);',
    to: 'return true;',
    tests: [`${PIPELINE}/top-check.test.ts`],
  },
  {
    name: 'a top is compared at its own id only',
    file: SYMBOL_BOOK,
    from: 'if (top.lastId < this.#book.id) {',
    to: 'if (top.lastId < 0) {',
    tests: [`${PIPELINE}/top-check.test.ts`, EVERY_RULE],
  },
  {
    name: 'an audit finds what differs',
    file: 'collector/pipeline/compare-books.ts',
    from: 'if (detail !== undefined) return',
    to: 'if (detail === null) return',
    tests: [`${PIPELINE}/book-audit.test.ts`],
  },
  {
    name: 'an audit leaves out what changed since',
    file: 'collector/pipeline/book-audit.ts',
    from: 'this.#changes.filter(({ lastId }) => lastId > book.lastId)',
    to: 'this.#changes.filter(() => false)',
    tests: [`${PIPELINE}/book-audit.test.ts`, EVERY_RULE],
  },
  {
    name: 'OKX never has more than its window',
    file: 'collector/pipeline/held-book.ts',
    from: "if (bids > window || asks > window) return 'broken';",
    to: '',
    tests: [`${PIPELINE}/book-edges.test.ts`],
  },
  {
    name: 'a record carries its message id',
    file: 'collector/delivery/headers.ts',
    from: '[MESSAGE_ID_HEADER]: record.msgId,',
    to: '',
    tests: [LOSS],
    only: 'a lost acknowledgement',
    timeoutMs: 30_000,
  },
  {
    name: 'what is old is looked up in the stream before it is sent («resume»)',
    file: 'collector/delivery/read-back.ts',
    from: 'const isOld = nowMs - item.pushedMs > freshMs ||',
    to: 'const isOld =',
    tests: [LOSS],
    only: 'what another writer stored|records stored just before',
    timeoutMs: 30_000,
  },
  {
    name: 'what was fetched later is looked up in the stream before it is sent',
    file: 'collector/delivery/read-back.ts',
    from: ' || isLate(item.record) ||',
    to: ' ||',
    tests: [READ_BACK],
    only: 'trades that another writer stored while',
    timeoutMs: 30_000,
  },
  {
    name: 'what the venue says again is looked up in the stream before it is sent',
    file: 'collector/delivery/read-back.ts',
    from: ' || this.#mayBeRepeated(lane, item);',
    to: ';',
    tests: [READ_BACK],
    only: 'a value that the venue says again',
    timeoutMs: 30_000,
  },
  {
    name: 'a hole waits for what the other of two writers has',
    file: 'collector/delivery/publisher.ts',
    from: 'if (this.other.mayFill(',
    to: 'if (false && this.other.mayFill(',
    tests: ['test/integration/delivery/two-writers.test.ts'],
    only: 'a hole of one writer',
    timeoutMs: 30_000,
  },
  {
    name: 'a successor waits for what its predecessor has queued',
    file: 'collector/delivery/other-writer.ts',
    from: 'effective.redundancy === 1 && !lane.isOthers',
    to: 'effective.redundancy === 1 || !lane.isOthers',
    tests: ['test/integration/delivery/two-writers.test.ts'],
    only: 'a successor of one that ended',
    timeoutMs: 30_000,
  },
  {
    name: 'a stream that was gone is looked at before anything is published',
    file: 'collector/delivery/publisher.ts',
    from: '!lane.isGap && this.#mayBeAnother',
    to: 'false && this.#mayBeAnother',
    tests: ['test/integration/delivery/stream.test.ts'],
    only: 'whenever a deleted stream',
    timeoutMs: 60_000,
  },
  {
    name: 'what a read-back found was stored under earlier ids',
    file: 'collector/delivery/earlier-ids.ts',
    from: 'return held.resetTimeUs !== tail.resetTimeUs',
    to: 'return false && held.resetTimeUs !== tail.resetTimeUs',
    tests: ['test/integration/delivery/reset.test.ts'],
    only: 'a second restart during an outage',
    timeoutMs: 30_000,
  },
  {
    name: "the spill's checksum",
    file: 'collector/delivery/spill/format.ts',
    from: 'return crc32(body) === view.getUint32(4, true) ? body : undefined;',
    to: 'return body;',
    tests: ['test/collector/delivery/spill/format.test.ts'],
  },
  {
    name: 'an acknowledgement has its time',
    file: 'collector/delivery/wire.ts',
    from: 'if (deadlineMs > nowMs) return;',
    to: 'if (deadlineMs > 0) return;',
    tests: [LOSS],
    only: 'a lost acknowledgement',
    timeoutMs: 30_000,
  },
  {
    name: 'a successor looks for holes that were not stated',
    file: 'collector/delivery/publisher-events.ts',
    from: 'inherited.ask(lane, record)',
    to: 'void [inherited, lane, record]',
    tests: ['test/integration/delivery/inherited.test.ts'],
    timeoutMs: 30_000,
  },
  {
    name: 'what a killed process took over and did not state is handed on',
    file: 'collector/delivery/counting.ts',
    from: 'this.#written = withUnstated(first, this.inheritedSinceMs);',
    to: 'this.#written = withUnstated(first, undefined);',
    tests: ['test/integration/delivery/inherited.test.ts'],
    only: 'a row of killed processes',
    timeoutMs: 30_000,
  },
];
