// every fault of the simulator at every venue: seen at once, one symbol begun anew, holes stated, books true
import { startNats } from '../support/nats.ts';
import { FAULT_CASES } from './rig/fault-cases.ts';
import { FaultProof, type CaseResult } from './rig/fault-proof.ts';
import { DRILL_VENUES, type DrillVenue } from './rig/venues.ts';

/** VENUE=okx, FAULT=drop: that one alone. */
const venues = DRILL_VENUES.filter(({ name }) => [undefined, '', name].includes(process.env['VENUE']));
function print({ venue, fault, tookMs, holes, cause, failures }: CaseResult): void {
  const verdict = failures.length === 0 ? 'holds' : `FAILED: ${failures.join('; ')}`;
  const row = [venue.padEnd(14), fault.padEnd(16), `${Math.round(tookMs)} ms`.padStart(9), `${holes} holes`];
  console.log(`${row.join('  ')}  ${cause.padEnd(8)} ${verdict}`);
}

async function prove(venue: DrillVenue, slow: boolean): Promise<readonly CaseResult[]> {
  const nats = await startNats();
  const proof = await FaultProof.start(nats, venue, slow);
  const results: CaseResult[] = [];
  const cases = FAULT_CASES.filter(
    (fault) =>
      fault.venues.includes(venue.name) && [undefined, '', fault.name].includes(process.env['FAULT']),
  );
  for (const one of cases.filter((fault) => (fault.slow === true) === slow)) {
    const result = await proof.prove(one);
    results.push(result);
    print(result);
  }
  const failures = await proof.atRest();
  const rest = { venue: venue.name, fault: '(at rest)', tookMs: 0, holes: 0, cause: '', failures };
  results.push(rest);
  print(rest);
  await proof.stop();
  await nats.stop();
  return results;
}

const quick = await Promise.all(venues.map((venue) => prove(venue, false)));
const slow = await Promise.all(venues.map((venue) => prove(venue, true)));
const results = [...quick, ...slow].flat();
const failed = results.filter(({ failures }) => failures.length > 0).length;
console.log(failed === 0 ? `faults: all ${results.length} hold` : `faults: ${failed} do not hold`);
process.exit(failed === 0 ? 0 : 1);
