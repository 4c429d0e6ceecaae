/** What can be wrong with a stream; docs/consume.md says what each means. */
export const FAULT_KINDS = [
  'unparsable',
  'field',
  'messageId',
  'foreignWriter',
  'wrongSubject',
  'duplicate',
  'order',
  'timeBackwards',
  'noStart',
  'gapUnrecorded',
  'gapInvented',
  'bookDiffers',
  'crossed',
  'snapshotMissing',
  'deletedFromStream',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly subject: string;
  /** Of the record in its stream; 0 where no one record shows it. */
  readonly sequence: number;
  readonly text: string;
}

/** Details kept for the report: all are counted. */
export const MAX_FAULTS_KEPT = 1_000;

export class FaultLog {
  readonly kept: Fault[] = [];
  readonly counts = new Map<FaultKind, number>();
  total = 0;

  add(fault: Fault): void {
    this.total += 1;
    this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
    if (this.kept.length < MAX_FAULTS_KEPT) this.kept.push(fault);
  }
}
