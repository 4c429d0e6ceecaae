// The scanners against JSON: generated messages, and damaged ones of them, until a million of each form were compared. Ends at
// the first message that the two read differently, and prints it. `make bench B=fuzz`; a seed may be given:
// `node bench/fuzz.ts 42`.
import { binanceLinearPerpetual } from '../collector/venues/binance-futures.ts';
import { binanceSpot } from '../collector/venues/binance.ts';
import { deribitOption } from '../collector/venues/deribit.ts';
import { okxPerpetual } from '../collector/venues/okx.ts';
import { mutated, randomOf, sameOnBothPaths } from '../test/collector/venues/scan-cases.ts';
import { generated } from '../test/collector/venues/scan-forms.ts';

const MESSAGES = 1_000_000;
const FORMS = {
  spot: binanceSpot,
  futures: binanceLinearPerpetual,
  okx: okxPerpetual,
  deribit: deribitOption,
} as const;
const seed = Number(process.argv[2] ?? 1);
const random = randomOf(seed);
const rows = (['spot', 'futures', 'okx', 'deribit'] as const).map((form) => {
  const counts = { whole: { scanned: 0, left: 0 }, damaged: { scanned: 0, left: 0 } };
  for (let message = 0; message < MESSAGES; message += 2) {
    const bytes = generated(form, random);
    counts.whole[sameOnBothPaths(FORMS[form], bytes)] += 1;
    counts.damaged[sameOnBothPaths(FORMS[form], mutated(bytes, random))] += 1;
  }
  process.stdout.write(`${JSON.stringify({ form, seed, messages: MESSAGES, different: 0, ...counts })}\n`);
  return counts;
});
process.stdout.write(`${rows.length * MESSAGES} messages, read alike on both paths\n`);
