import type { VenueName } from '../../../simulator/options.ts';

export type FaultBody = Readonly<Record<string, unknown>> & { readonly kind: string };

export interface PlannedFault {
  readonly body: FaultBody;
  /** True: it is about one symbol. */
  readonly oneSymbol: boolean;
  /** Rare ones keep the venue silent until a watchdog acts, a minute or more. */
  readonly weight: number;
  /** Not within so many true seconds of the end: so long it may take to be over. */
  readonly settlesS: number;
}

const ofSymbol = (kind: string, more: object = {}): PlannedFault => ({
  body: { kind, ...more },
  oneSymbol: true,
  weight: 10,
  settlesS: 20,
});
const ofVenue = (kind: string, more: object = {}): PlannedFault => ({
  ...ofSymbol(kind, more),
  oneSymbol: false,
  weight: 4,
});

const EVERY_VENUE: readonly PlannedFault[] = [
  ofSymbol('drop', { count: 2 }),
  ofSymbol('gap', { count: 20 }),
  ofSymbol('drop', { stream: 'trade' }),
  ofSymbol('repeat'),
  ofSymbol('swap'),
  ofSymbol('cut'),
  ofSymbol('delay', { ms: 400 }),
  ofSymbol('stall', { ms: 2_000 }),
  ofVenue('disconnect'),
  ofVenue('shutdown', { ms: 1_500 }),
  { ...ofVenue('halfOpen'), weight: 0.5, settlesS: 300 },
];
/** Only where books begin with a snapshot over REST. */
const REST_BOOKS: readonly PlannedFault[] = [
  ofVenue('restError', { count: 2 }),
  ofVenue('http429', { ms: 2_000 }),
  ofVenue('snapshotLag', { ms: 700 }),
  ofVenue('snapshotLag', { ms: 0 }),
];

export const FAULTS: Readonly<Record<VenueName, readonly PlannedFault[]>> = {
  'binance-spot': [...EVERY_VENUE, ...REST_BOOKS],
  'binance-usdm': [...EVERY_VENUE, ...REST_BOOKS],
  'binance-coinm': [...EVERY_VENUE, ...REST_BOOKS],
  'binance-options': [...EVERY_VENUE, ...REST_BOOKS],
  okx: [...EVERY_VENUE, ofSymbol('noSnapshot'), ofSymbol('sequenceReset'), ofSymbol('wrongChecksum')],
  deribit: [...EVERY_VENUE, ofSymbol('secondSnapshot')],
};

/** One by weight; `random` in [0, 1). */
export function pick(faults: readonly PlannedFault[], random: number): PlannedFault | undefined {
  let left = random * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (left -= weight) < 0) ?? faults.at(-1);
}
