// The collector's pipeline (decode, sequence check, book, record bytes with message id) against the floor: turning the same
// frames and REST books into text and parsing them. One core, frames in memory, several rounds; both in the same round, so that
// the ratio stands although the machine's speed drifts. `replayed`: the same bytes in every round; `fresh`: every round has
// digits that none had before, so that no text is found among those that the engine already knows.
import { existsSync } from 'node:fs';
import { CountingSession } from '../collector/replay/counting-session.ts';
import type { Venue } from '../collector/venues/venue.ts';
import { freshened } from './frames/fresh.ts';
import { printRows, spreadOf } from './rig/figures.ts';
import { BENCH_VENUES, recorded, RECORDINGS, type BenchVenue, type Item } from './frames/recorded.ts';

/** ROUNDS=5 for a look. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
/** Rounds before the first one that counts. */
const WARM_UP = 3;
/** A round has at least so many frames: short recordings are played again. */
const FRAMES_A_ROUND = 4_000;

interface Piece extends Item {
  readonly bytes: Buffer;
}
type File = readonly Piece[];

interface Row {
  readonly venue: string;
  readonly digits: 'replayed' | 'fresh';
  readonly frames: number;
  readonly records: number;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly microsecondsAFrame: number;
}

const inMemory = (items: readonly Item[]): File =>
  items.map((item) => ({ ...item, bytes: Buffer.from(item.text) }));

function floor(files: readonly File[]): number {
  let events = 0;
  for (const file of files) {
    for (const { bytes } of file) events += JSON.parse(bytes.toString()) === null ? 0 : 1;
  }
  return events;
}

interface Done {
  readonly records: number;
  readonly bytes: number;
  readonly inSync: number;
  readonly resyncs: number;
}

function ours(venue: Venue, files: readonly File[]): Done {
  const total = { records: 0, bytes: 0, inSync: 0, resyncs: 0 };
  for (const file of files) {
    const session = new CountingSession(venue, ['orderbook', 'trade']);
    for (const { kind, bytes, instrument, timeUs } of file) {
      if (kind === 'frame') session.frame(bytes, timeUs);
      else session.snapshot(bytes, instrument);
    }
    const { messages, bytes, tops, counters } = session.report();
    total.records += Object.values(messages).reduce((sum, count) => sum + count, 0);
    total.bytes += bytes;
    total.inSync += Object.keys(tops).length;
    total.resyncs += counters['resync'] ?? 0;
  }
  return total;
}

/** Processor time, the engine's own threads included: what others do on the machine is not in it. */
function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const begin = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(begin);
  return { ms: (user + system) / 1_000, result };
}

function measure({ name, venue, files }: BenchVenue, digits: Row['digits']): Row {
  const loaded = files.map((file) => recorded(venue, file));
  const frames = loaded.flat().filter(({ kind }) => kind === 'frame').length;
  const times = Math.max(1, Math.ceil(FRAMES_A_ROUND / frames));
  const replayed = loaded.map(inMemory);
  const asRecorded = ours(venue, replayed);
  const ratios: number[] = [];
  const microseconds: number[] = [];
  for (let round = 1; round <= WARM_UP + ROUNDS; round += 1) {
    const played: File[] = [];
    for (let time = 0; time < times; time += 1) {
      const pass = round * times + time;
      const fresh = (): File[] => loaded.map((items) => inMemory(freshened(items, pass)));
      played.push(...(digits === 'fresh' ? fresh() : replayed));
    }
    // Whoever is second finds the caches warm: turn about.
    const first = round % 2 === 0 ? timed(() => floor(played)) : undefined;
    const own = timed(() => ours(venue, played));
    const parsed = first ?? timed(() => floor(played));
    for (const what of ['records', 'inSync', 'resyncs'] as const) {
      if (own.result[what] !== asRecorded[what] * times)
        throw new Error(
          `${name}, ${digits}: ${own.result[what]} ${what}, expected ${asRecorded[what] * times}`,
        );
    }
    if (round <= WARM_UP) continue;
    ratios.push(parsed.ms / own.ms);
    microseconds.push((own.ms * 1_000) / (frames * times));
  }
  if (asRecorded.records < frames / 2)
    throw new Error(`${name}: ${asRecorded.records} records of ${frames} frames`);
  const { median: ratio, low, high } = spreadOf(ratios);
  const { records } = asRecorded;
  return {
    venue: name,
    digits,
    frames,
    records,
    ratio,
    low,
    high,
    microsecondsAFrame: spreadOf(microseconds).median,
  };
}

if (!existsSync(RECORDINGS)) {
  process.stderr.write('the recordings are not at hand: ../shared/recordings\n');
  process.exit(2);
}
const only = process.argv[2]?.toLowerCase() ?? '';
const rows = BENCH_VENUES.filter(({ name }) => name.toLowerCase().includes(only)).flatMap((venue) => [
  measure(venue, 'replayed'),
  measure(venue, 'fresh'),
]);
printRows(
  'ratio to toString + JSON.parse of the same frames in the same round; low, high: 10 % and 90 %',
  rows,
);
