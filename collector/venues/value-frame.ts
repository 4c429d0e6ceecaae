import type { RecordHead, ValueRecord } from '../../contract/record.ts';

/** What a record of the kind says, but for its head and `sizeUnit`, which is the instrument's. */
type FieldsOf<R> = Omit<R, keyof RecordHead | 'type' | 'sizeUnit'>;

type FrameOf<R> = R extends ValueRecord
  ? {
      readonly kind: 'value';
      readonly stream: R['type'];
      readonly instrument: string;
      readonly exchangeTimeUs: number | null;
      readonly fields: FieldsOf<R>;
      /** It came in a message that is pushed for other reasons too: it is news if it differs from the last one, or that is old. */
      readonly onChange?: true;
      /** Among equal ones of the same message, from 0; left out: 0. */
      readonly ordinal?: number;
    }
  : never;

/** One that stands alone: no chain and no id of the venue. Its members go into the record as they are. */
export type ValueFrame = FrameOf<ValueRecord>;
