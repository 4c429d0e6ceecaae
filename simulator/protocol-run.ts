import type { FaultKind } from './faults/fault.ts';

/** True, and used up, if this fault was asked for and this symbol is meant. */
type TakeFault = (kind: FaultKind, symbol: string) => boolean;

/** What a protocol is made with. */
export interface ProtocolRun {
  readonly takeFault: TakeFault;
  /** `real`: computed as before 2026-06-23; `zero`: as since then. */
  readonly okxChecksum: 'zero' | 'real';
}
