import {
  EXPECTED_LAST_SUBJECT_SEQUENCE_HEADER,
  EXPECTED_STREAM_HEADER,
  MESSAGE_ID_HEADER,
  WRITER_HEADER,
} from '../../contract/identity.ts';
import type { Lane, Publishable } from './lane.ts';
import { tailHeaders } from './tail.ts';

export interface HeaderFacts {
  readonly stream: string;
  /** Value of the `Mp-Writer` header. */
  readonly writer: string;
  readonly expectedSequence: number | null;
}

/** Everything that JetStream is told of a record beside its payload. */
export function publishHeaders(
  lane: Lane,
  record: Publishable,
  { stream, writer, expectedSequence }: HeaderFacts,
): Record<string, string> {
  return {
    [MESSAGE_ID_HEADER]: record.msgId,
    [WRITER_HEADER]: writer,
    [EXPECTED_STREAM_HEADER]: stream,
    ...(expectedSequence === null
      ? {}
      : { [EXPECTED_LAST_SUBJECT_SEQUENCE_HEADER]: String(expectedSequence) }),
    ...tailHeaders(lane.tail, record),
  };
}
