import type { Fault } from './faults.ts';

/** A stored message, as the judge wants it. */
export interface Message {
  readonly subject: string;
  readonly sequence: number;
  /** Header `Nats-Msg-Id`, empty where there is none. */
  readonly msgId: string;
  /** Header `Mp-Writer`, empty where there is none. */
  readonly writer: string;
  /** Header `Mp-Continues`: the id at which the subject ended in a stream that is gone. */
  readonly continues?: string;
  readonly text: string;
}

/** How much of a record could be judged: `clean` is verified, nothing wrong with it, nothing missing before it. */
export type Standing = 'clean' | 'verified' | 'unverifiable';

export type Report = (
  kind: Fault['kind'],
  message: Pick<Message, 'subject' | 'sequence'>,
  text: string,
) => void;
