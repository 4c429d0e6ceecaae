import { digest, messageId } from '../../contract/identity.ts';
import { RECORD_SCHEMAS } from '../../contract/record.ts';
import type { OutgoingOther } from '../ports.ts';
import type { ValueFrame } from '../venues/value-frame.ts';
import { recordHead, recordSubject, type RecordSource } from './record-head.ts';

interface Kind {
  readonly subject: string;
  readonly head: string;
  readonly tail: string;
  /** What the last record said and when, of frames that are news only if they differ. */
  said: string;
  saidUs: number;
}

/** What does not change is written again after so long, for who comes later. */
const SAID_AGAIN_US = 60_000_000;

const encoder = new TextEncoder();

/** Makes one instrument's records that stand alone. What never changes of them is encoded once. */
export class ValueWriter {
  readonly #source: RecordSource;
  readonly #kinds = new Map<ValueFrame['stream'], Kind>();

  constructor(source: RecordSource) {
    this.#source = source;
  }

  /**
   * No id of the venue: its time and the record itself, without our clock, identify it. Undefined: it says what the last
   * one said a short while ago, and came in a message that is pushed for other reasons too.
   */
  record(frame: ValueFrame, receiveTimeUs: number): OutgoingOther | undefined {
    const { stream, exchangeTimeUs, ordinal = 0 } = frame;
    const kind = this.#kindOf(stream);
    const { subject, head, tail } = kind;
    const says = `,${JSON.stringify(frame.fields).slice(1, -1)}${tail}`;
    if (frame.onChange === true) {
      const saidUs = exchangeTimeUs ?? receiveTimeUs;
      if (kind.said === says && saidUs - kind.saidUs < SAID_AGAIN_US) return undefined;
      kind.said = says;
      kind.saidUs = saidUs;
    }
    const identity = `${exchangeTimeUs}-${digest(`${head}${exchangeTimeUs}${says}`)}-${ordinal}`;
    return {
      kind: 'other',
      subject,
      msgId: messageId(subject, identity),
      payload: encoder.encode(`${head}${exchangeTimeUs},"receiveTime":${receiveTimeUs}${says}`),
      stream,
      symbol: this.#source.symbol,
      exchangeTimeUs,
      receiveTimeUs,
      ...('polled' in frame.fields && frame.fields.polled ? { polled: true } : {}),
    };
  }

  #kindOf(stream: ValueFrame['stream']): Kind {
    const known = this.#kinds.get(stream);
    if (known !== undefined) return known;
    const hasSize = 'sizeUnit' in RECORD_SCHEMAS[stream].properties;
    const made = {
      subject: recordSubject(this.#source, stream),
      head: recordHead(this.#source, stream),
      tail: hasSize ? `,"sizeUnit":${JSON.stringify(this.#source.sizeUnit)}}` : '}',
      said: '',
      saidUs: 0,
    };
    this.#kinds.set(stream, made);
    return made;
  }
}
