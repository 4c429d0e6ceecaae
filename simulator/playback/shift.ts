/** What a loop adds to the numbers of a symbol's recorded payloads. */
export interface Shift {
  readonly bookIds: number;
  readonly tradeIds: number;
  readonly aggTradeIds: number;
  readonly timesMs: number;
}

export const NO_SHIFT: Shift = { bookIds: 0, tradeIds: 0, aggTradeIds: 0, timesMs: 0 };

export function times(shift: Shift, loops: number): Shift {
  return {
    bookIds: shift.bookIds * loops,
    tradeIds: shift.tradeIds * loops,
    aggTradeIds: shift.aggTradeIds * loops,
    timesMs: shift.timesMs * loops,
  };
}

/** Which numbers of a payload are what, by the name of the field. */
export type ShiftFields = Readonly<Record<string, keyof Shift>>;
