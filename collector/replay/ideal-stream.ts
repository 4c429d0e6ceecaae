import type { EffectiveFeed } from '../../contract/effective.ts';
import type { GapCause } from '../../contract/record.ts';
import {
  advanceBook,
  advanceTrade,
  asReset,
  bookHole,
  decideDelta,
  decideSnapshot,
  tradeHole,
  type ChainState,
  type Decision,
  type Hole,
  type Tail,
} from '../delivery/chain.ts';
import { gapOutgoing } from '../delivery/gap-record.ts';
import { instrumentOf } from '../delivery/tail.ts';
import type {
  Outgoing,
  OutgoingDelta,
  OutgoingInterrupted,
  OutgoingOther,
  OutgoingSnapshot,
  OutgoingTrade,
} from '../ports.ts';

export type StoredRecord = Exclude<Outgoing, OutgoingInterrupted>;

export interface IdealStreamOptions {
  readonly onStored: (record: StoredRecord) => void;
  readonly onResync: (subject: string, cause: GapCause) => void;
}

interface SubjectState {
  /** Whose records these are. */
  readonly effective: EffectiveFeed;
  tail: Tail;
  awaitingStart: boolean;
  interrupted: OutgoingInterrupted | undefined;
  instrument: string | undefined;
}

const NEW_SUBJECT = { tail: { kind: 'none' }, awaitingStart: false } as const;

/** A stream that stores at once and loses nothing, judged by delivery's own rules: what `replay` publishes to. */
export class IdealStream {
  readonly #options: IdealStreamOptions;
  readonly #subjects = new Map<string, SubjectState>();
  #sequence = 0;
  #gaps = 0;
  #openGaps = 0;

  constructor(options: IdealStreamOptions) {
    this.#options = options;
  }

  get gaps(): { readonly stated: number; readonly open: number } {
    return { stated: this.#gaps, open: this.#openGaps };
  }

  push(record: Outgoing, effective: EffectiveFeed): void {
    const subject = this.#subject(record.subject, effective);
    switch (record.kind) {
      case 'interrupted':
        subject.interrupted ??= record;
        return;
      case 'delta':
      case 'snapshot':
        subject.instrument ??= instrumentOf(record.payload);
        this.#pushBook(record, subject);
        return;
      case 'trade': {
        subject.instrument ??= instrumentOf(record.payload);
        // Where ids may jump only the venue's list could tell.
        const hole = record.mayJump === true ? undefined : tradeHole(subject.tail, record);
        this.#store(record);
        // An aggregate among single trades says nothing about their ids.
        if (record.sequence === null) return;
        subject.tail = advanceTrade(subject.tail, record, this.#sequence);
        if (hole !== undefined) this.#state(record, subject, hole, 'venue');
        return;
      }
      case 'other':
        this.#store(record);
    }
  }

  /** After the last line: what was interrupted and never came back is an open gap. */
  end(): void {
    for (const { interrupted, tail, instrument, effective } of this.#subjects.values()) {
      if (interrupted === undefined || tail.kind !== 'book') continue;
      this.#openGaps += 1;
      this.#store(
        gapOutgoing(effective, {
          subject: interrupted.subject,
          stream: interrupted.stream,
          symbol: interrupted.symbol,
          instrument: instrument ?? interrupted.symbol,
          fromId: tail.lastId,
          fromTimeUs: tail.exchangeTimeUs,
          to: null,
          cause: interrupted.cause,
          missing: undefined,
          receiveTimeUs: interrupted.receiveTimeUs,
        }),
      );
    }
  }

  #subject(name: string, effective: EffectiveFeed): SubjectState {
    const known = this.#subjects.get(name);
    if (known !== undefined) return known;
    const made: SubjectState = { ...NEW_SUBJECT, effective, interrupted: undefined, instrument: undefined };
    this.#subjects.set(name, made);
    return made;
  }

  #pushBook(given: OutgoingDelta | OutgoingSnapshot, subject: SubjectState): void {
    const state: ChainState = {
      tail: subject.tail,
      fresh: true,
      awaitingStart: subject.awaitingStart,
      snapshotsOnly: false,
    };
    const decide = (record: OutgoingDelta | OutgoingSnapshot): Decision =>
      record.kind === 'delta' ? decideDelta(state, record) : decideSnapshot(state, record);
    const first = decide(given);
    const record = first.kind === 'restart' && given.kind === 'snapshot' ? asReset(given) : given;
    const decision = record === given ? first : decide(record);
    if (decision.kind === 'resync') {
      subject.awaitingStart = true;
      this.#options.onResync(record.subject, decision.cause);
    }
    const isStart = record.kind === 'snapshot' && record.role !== 'periodic';
    if (decision.kind === 'publish') {
      const hole = record.kind === 'snapshot' ? bookHole(subject.tail, record) : undefined;
      this.#store(record);
      subject.tail = advanceBook(subject.tail, record, this.#sequence);
      if (hole !== undefined) {
        const cause = record.kind === 'snapshot' ? record.cause : 'venue';
        this.#state(record, subject, hole, cause);
      }
    }
    if (!isStart) return;
    subject.awaitingStart = false;
    subject.interrupted = undefined;
  }

  #state(
    record: OutgoingDelta | OutgoingSnapshot | OutgoingTrade,
    about: SubjectState,
    hole: Hole,
    cause: GapCause,
  ): void {
    this.#gaps += 1;
    const to = { id: hole.toId, timeUs: record.exchangeTimeUs, sequence: this.#sequence };
    const { subject, stream, symbol, receiveTimeUs } = record;
    const instrument = about.instrument ?? symbol;
    const missing = record.kind === 'trade' ? hole.toId - hole.fromId - 1 : undefined;
    const fromId = hole.fromId;
    const names = { subject, stream, symbol, instrument };
    const from = { fromId, fromTimeUs: hole.fromTimeUs };
    this.#store(gapOutgoing(about.effective, { ...names, ...from, to, cause, missing, receiveTimeUs }));
  }

  #store(record: StoredRecord | OutgoingOther): void {
    this.#sequence += 1;
    this.#options.onStored(record);
  }
}
