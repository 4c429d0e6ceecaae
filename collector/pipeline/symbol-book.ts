import type { SymbolState } from '../../contract/control.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { GapCause } from '../../contract/record.ts';
import type { BookState } from '../book/book.ts';
import { judge, LinkedSequence, type Verdict } from '../book/sequence.ts';
import type { Outgoing } from '../ports.ts';
import { detached, type BookSnapshot, type DepthFrame, type TopFrame } from '../venues/venue.ts';
import { BookAudit, type AuditEvent } from './book-audit.ts';
import { BookPublication, type Received } from './book-publication.ts';
import { BookStart, type StartPorts } from './book-start.ts';
import { HeldBook } from './held-book.ts';
import type { RecordWriter } from './record-writer.ts';
import { bridge, endOfWait, type AheadSnapshot } from './snapshot-bridge.ts';
import { TimeChain } from './time-chain.ts';
import { isSameTop, TopCheck } from './top-check.ts';

/** Events kept while a snapshot is awaited: minutes of the busiest symbol. Beyond it the oldest go, and are counted. */
export const MAX_BUFFERED = 5_000;

export interface BookPorts extends Pick<StartPorts, 'command' | 'bookStart'> {
  readonly emit: (record: Outgoing) => void;
  readonly count: (event: BookEvent, amount?: number) => void;
}

export type BookEvent =
  | 'depthApplied'
  | 'depthStale'
  | 'depthIdle'
  | 'depthReset'
  | 'depthGap'
  | 'depthBuffered'
  | 'depthBufferDropped'
  | 'snapshotTooOld'
  | 'snapshotUnbridged'
  | 'snapshotUnasked'
  | 'stateStale'
  | 'stateMissing'
  | 'checksumEqual'
  | 'checksumMismatch'
  | 'topEqual'
  | 'topMismatch'
  | 'topDistrusted'
  | 'topLate'
  | AuditEvent
  | 'windowBroken'
  | 'windowShort'
  | 'bookOverflow'
  | 'resync';

/**
 * One instrument's book from the first event on: buffer, snapshot, bridge, then judge every event. Nothing is emitted that
 * is not the state of a proved chain. What was buffered is emitted before the `start` snapshot as `joinOnly` deltas, so that
 * delivery can continue a stream that another writer brought to any of their ids.
 */
export class SymbolBook {
  readonly #symbol: string;
  readonly #restDepth: number;
  readonly #ports: BookPorts;
  readonly #book = new HeldBook();
  readonly #publication: BookPublication;
  readonly #start: BookStart;
  /** Where the stream brings its state it links every change to the one before. */
  readonly #linked: LinkedSequence | undefined;
  readonly #times = new TimeChain();
  readonly #tops = new TopCheck();
  readonly #audit: BookAudit;
  #state: SymbolState = 'waiting';
  #sinceMs = 0;
  #reason = '';
  #buffer: Received[] = [];
  #ahead: AheadSnapshot | undefined;

  constructor(
    names: { readonly instrument: string; readonly symbol: string },
    writer: RecordWriter,
    settings: EffectiveFeed['orderbook'],
    ports: BookPorts,
  ) {
    this.#symbol = names.symbol;
    this.#restDepth = settings.restDepth;
    this.#ports = ports;
    this.#audit = new BookAudit(ports.count);
    this.#publication = new BookPublication(writer, settings, ports.emit, ports.bookStart === 'stream');
    this.#start = new BookStart(names.instrument, ports);
    this.#linked = ports.bookStart === 'stream' ? new LinkedSequence() : undefined;
  }

  get status(): { readonly state: SymbolState; readonly sinceMs: number; readonly reason: string } {
    return { state: this.#state, sinceMs: this.#sinceMs, reason: this.#reason };
  }
  get heldId(): number | undefined {
    return this.#state === 'inSync' ? this.#book.id : undefined;
  }
  top(count: number): BookState {
    return this.#book.top(count);
  }

  /** The subscription was sent. */
  subscribing(nowMs: number): void {
    if (this.#state === 'waiting') this.#enter('subscribing', nowMs, 'waiting for the venue to confirm');
  }

  /** The stream is open: from here on no event is missed, so the snapshot may be asked for. */
  opened(nowMs: number): void {
    this.#start.opened(nowMs, this.#state === 'inSync');
    if (this.#state !== 'inSync') this.#ask(nowMs);
  }

  depth(sent: DepthFrame, receiveTimeUs: number, nowMs: number): void {
    const frame = sent.timed === true ? this.#times.depth(sent) : sent;
    this.#start.flows();
    if (this.#state !== 'inSync') {
      if (frame.reset === true) this.#beginAnew();
      else this.#keep({ frame, receiveTimeUs });
      this.#ask(nowMs);
      if (this.#ahead !== undefined) this.#bridge(nowMs);
      return;
    }
    switch (this.#judge(frame)) {
      case 'stale':
        this.#ports.count('depthStale');
        return;
      case 'idle':
        this.#ports.count('depthIdle');
        return;
      case 'gap':
        this.#ports.count('depthGap');
        this.#lose('venue', receiveTimeUs, nowMs, `${frame.prevId} follows ${this.#book.id}`);
        this.#keep({ frame, receiveTimeUs });
        this.#ask(nowMs);
        return;
      case 'continues':
        this.#continue({ frame, receiveTimeUs }, nowMs);
    }
  }

  snapshot(snapshot: BookSnapshot, generation: number, receiveTimeUs: number, nowMs: number): void {
    if (generation !== this.#start.generation || this.#state === 'inSync') {
      this.#ports.count('snapshotUnasked');
      return;
    }
    this.#ahead = { snapshot, receiveTimeUs, sinceMs: nowMs };
    this.#bridge(nowMs);
  }

  /**
   * The state that a subscription begins with. Another one replaces the book, unless it is none that the book has not passed:
   * the chain goes on from the book then, or the next change proves that it does not.
   */
  state(sent: BookSnapshot, receiveTimeUs: number, nowMs: number): void {
    const snapshot = sent.timed === true ? this.#times.state(sent) : sent;
    if (this.#state === 'inSync') {
      if (snapshot.lastId <= this.#book.id) {
        this.#ports.count('stateStale');
        return;
      }
      this.#lose('venue', receiveTimeUs, nowMs, 'the venue sent another state');
    }
    this.#start.stateCame();
    this.#ahead = { snapshot, receiveTimeUs, sinceMs: nowMs };
    this.#sync(nowMs, true);
  }

  /** The venue's own best bid and ask at one id. */
  venueTop(top: TopFrame, receiveTimeUs: number, nowMs: number): void {
    if (this.#state !== 'inSync' || top.lastId > this.#book.id) {
      this.#tops.keep(top);
      return;
    }
    if (top.lastId < this.#book.id) {
      this.#ports.count('topLate');
      return;
    }
    const failures = this.#failures(top, nowMs);
    if (failures > 0) this.#distrust(`the top at ${top.lastId}`, receiveTimeUs, nowMs, failures - 1);
  }

  /** False where there is no book to audit. The answer comes with `audit`, or `endAudit` says that none will. */
  beginAudit(): boolean {
    return this.#state === 'inSync' && this.#audit.begin(this.#book.id);
  }

  endAudit(why: 'auditPostponed' | 'auditFailed'): void {
    this.#ports.count(why);
    this.#audit.end();
  }

  /** A small book of REST. */
  audit(book: BookSnapshot, receiveTimeUs: number, nowMs: number): void {
    this.#audit.answered(book, nowMs);
    this.#judgeAudit(receiveTimeUs, nowMs);
  }

  /** Lets a snapshot that nothing bridges become the book once the wait is over. */
  tick(nowMs: number): void {
    if (this.#ahead !== undefined) this.#endWait(this.#ahead, nowMs);
    if (this.#state === 'inSync') {
      this.#judgeAudit(nowMs * 1_000, nowMs);
      return;
    }
    this.#ask(nowMs);
    this.#start.tick(nowMs);
  }

  /** The connection is gone: the chain ends here, a new one begins once the stream is open again. */
  disconnected(receiveTimeUs: number, nowMs: number): void {
    this.#start.closed();
    this.#tops.forget();
    this.#lose('network', receiveTimeUs, nowMs, 'the connection was lost');
  }

  resync(cause: GapCause, receiveTimeUs: number, nowMs: number): void {
    this.#lose(cause, receiveTimeUs, nowMs, 'a fresh book was asked for');
    this.#ask(nowMs);
  }

  wantSnapshot(): void {
    this.#publication.wantSnapshot();
  }

  #enter(state: SymbolState, nowMs: number, reason: string): void {
    if (state !== this.#state) this.#sinceMs = nowMs;
    this.#state = state;
    this.#reason = reason;
  }

  #keep(event: Received): void {
    this.#buffer.push({ ...event, frame: detached(event.frame) });
    this.#ports.count('depthBuffered');
    if (this.#buffer.length > MAX_BUFFERED) {
      this.#buffer.shift();
      this.#ports.count('depthBufferDropped');
    }
  }

  /** Ids began anew while no book was held: what came before cannot be told from what follows, nor can a state of REST's. */
  #beginAnew(): void {
    this.#ports.count('depthReset');
    this.#buffer = [];
    this.#tops.forget();
    if (this.#ahead === undefined) return;
    this.#ahead = undefined;
    this.#start.useless();
  }

  /** The stream had its time to reach the snapshot. */
  #endWait(ahead: AheadSnapshot, nowMs: number): void {
    const idsMayRestart = this.#linked !== undefined;
    const verdict = endOfWait(ahead, this.#buffer.at(-1), { nowMs, idsMayRestart });
    if (verdict === 'take') this.#sync(nowMs, false);
    if (verdict === 'foreign') this.#refuse('snapshotUnbridged', nowMs);
  }

  #refuse(why: 'snapshotTooOld' | 'snapshotUnbridged', nowMs: number): void {
    this.#ports.count(why);
    this.#ahead = undefined;
    this.#start.useless();
    this.#ask(nowMs);
  }

  #judge(frame: DepthFrame): Verdict {
    const heldId = this.#book.id;
    return this.#linked === undefined ? judge(heldId, frame) : this.#linked.judge(heldId, frame);
  }

  #ask(nowMs: number): void {
    const isAsked = this.#start.ask(nowMs);
    if (isAsked && this.#state !== 'resyncing') this.#enter('syncing', nowMs, 'waiting for the snapshot');
  }

  #lose(cause: GapCause, receiveTimeUs: number, nowMs: number, reason: string): void {
    const had = this.#state === 'inSync';
    this.#buffer = [];
    this.#ahead = undefined;
    this.#audit.lost();
    this.#start.lost();
    this.#book.clear();
    if (had) {
      this.#ports.count('resync');
      this.#publication.interrupted(this.#symbol, cause, receiveTimeUs);
    }
    this.#enter(had || this.#state === 'resyncing' ? 'resyncing' : 'subscribing', nowMs, reason);
  }

  /** The chain holds and the levels do not; `attempt` as in `SnapshotCommand`. */
  #distrust(what: string, receiveTimeUs: number, nowMs: number, attempt: number): void {
    this.#lose('venue', receiveTimeUs, nowMs, `${what} differs`);
    this.#start.useless(attempt);
    this.#ask(nowMs);
  }

  #bridge(nowMs: number): void {
    if (this.#ahead === undefined) return;
    const verdict = bridge(this.#ahead, this.#buffer);
    if (verdict === 'bridged') this.#sync(nowMs, false);
    if (verdict === 'tooOld') this.#refuse('snapshotTooOld', nowMs);
  }

  /**
   * Step 6. The book is the snapshot; what was buffered follows it, judged like every later event, unless the snapshot came
   * behind it in the stream and covers it.
   */
  #sync(nowMs: number, covers: boolean): void {
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    const { snapshot, receiveTimeUs } = ahead;
    const buffered = this.#buffer;
    this.#ahead = undefined;
    this.#buffer = [];
    this.#book.begin(snapshot, receiveTimeUs, snapshot.limit ?? this.#restDepth);
    this.#linked?.begin(!covers);
    if (!this.#proves(snapshot.checksum) || this.#failures(this.#tops.take(snapshot.lastId), nowMs) > 0) {
      this.#start.useless();
      this.#ask(nowMs);
      return;
    }
    this.#start.synced();
    this.#enter('inSync', nowMs, '');
    this.#publication.start(this.#book, { buffered, isOfStream: covers }, nowMs);
    if (covers) return;
    const later = buffered.filter(({ frame }) => frame.lastId > snapshot.lastId);
    if (later.length < buffered.length) this.#ports.count('depthStale', buffered.length - later.length);
    for (const event of later) this.depth(event.frame, event.receiveTimeUs, nowMs);
  }

  /** Nothing is published of a change before all that is known at its id agrees. */
  #continue(event: Received, nowMs: number): void {
    const { frame, receiveTimeUs } = event;
    this.#linked?.applied(frame);
    if (frame.reset === true) this.#tops.forget();
    this.#ports.count('depthApplied');
    if (!this.#book.advance(frame, receiveTimeUs)) {
      this.#overflow(receiveTimeUs, nowMs);
      return;
    }
    const window = this.#book.windowState();
    if (window === 'short') {
      this.#ports.count('windowShort');
      this.#start.audit();
    }
    if (window === 'broken') {
      this.#ports.count('windowBroken');
      this.#distrust(`the number of levels at ${frame.lastId}`, receiveTimeUs, nowMs, 0);
      return;
    }
    if (!this.#proves(frame.checksum)) {
      this.#distrust(`the checksum at ${frame.lastId}`, receiveTimeUs, nowMs, 0);
      return;
    }
    const failures = this.#failures(this.#tops.take(frame.lastId), nowMs);
    if (failures > 0) {
      this.#distrust(`the top at ${frame.lastId}`, receiveTimeUs, nowMs, failures - 1);
      return;
    }
    if (frame.reset === true) this.#ports.count('depthReset');
    this.#publication.change(this.#book, event, nowMs);
    this.#audit.applied(frame);
    this.#judgeAudit(receiveTimeUs, nowMs);
  }

  #judgeAudit(receiveTimeUs: number, nowMs: number): void {
    const outcome = this.#audit.judge(this.#book, nowMs);
    if (outcome.kind === 'again') this.#start.audit();
    if (outcome.kind === 'wider') this.#publication.wantSnapshot();
    if (outcome.kind === 'wrong') {
      this.#distrust(`the audit (${outcome.detail})`, receiveTimeUs, nowMs, 0);
    }
  }

  #overflow(receiveTimeUs: number, nowMs: number): void {
    this.#ports.count('bookOverflow');
    this.resync('overflow', receiveTimeUs, nowMs);
  }

  /** True where the venue states no checksum, too. */
  #proves(checksum: number | undefined): boolean {
    if (checksum === undefined) return true;
    const isEqual = this.#book.checksum() === checksum;
    this.#ports.count(isEqual ? 'checksumEqual' : 'checksumMismatch');
    return isEqual;
  }

  /** How many fresh books in a row have failed against the venue's top; 0: this one stands. */
  #failures(top: TopFrame | undefined, nowMs: number): number {
    if (top === undefined) return 0;
    if (isSameTop(this.#book.best(), top)) {
      this.#ports.count('topEqual');
      this.#tops.agreed(nowMs);
      return 0;
    }
    this.#ports.count('topMismatch');
    const failures = this.#tops.failed(nowMs);
    if (failures === undefined) this.#ports.count('topDistrusted');
    return failures ?? 0;
  }
}
