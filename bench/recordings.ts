// Every recording through `replay`: do the books bridge, does no chain break, is every best price and every checksum the
// venue's own, is every message of a known kind? Expected figures: recordings.json, counted independently of this code
// (../../shared/research/recordings.md §2). Exit code 0 only if all holds.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { STREAMS } from '../contract/feed.ts';
import { Replay, type ReplaySummary } from '../collector/replay/replay.ts';
import { parseLine } from '../collector/replay/recording.ts';

interface Expected {
  readonly lines: number;
  /** Books with a snapshot or state of their own in the file, and events that end above it. */
  readonly books: number;
  readonly applied: number;
  /** Events at or below the snapshot's id. */
  readonly dropped: number;
  readonly breaks: number;
  /** Tops with the id of a state of the book, compared at least. */
  readonly tops: number;
  readonly checksums: number;
  readonly trades: number;
  /** Books that the file holds changes of, where they are more than `books`. */
  readonly seen?: number;
  /** Trades' ids jump: a list of examples. */
  readonly gaps?: number;
  /** States of a book that is held already at their id. */
  readonly repeated?: number;
  /** Records that stand alone, by type: a value's message that says nothing new is none. */
  readonly values?: Readonly<Record<string, number>>;
  /** Why there is no chain, or why it ends. */
  readonly reason?: string;
}

const FOLDER = new URL('../../shared/recordings/', import.meta.url);
const EXPECTED = new URL('recordings.json', import.meta.url);

function play(name: string): { readonly summary: ReplaySummary; readonly received: number } | 'notOffered' {
  const replay = new Replay(() => undefined);
  let received = 0;
  for (const text of readFileSync(new URL(`${name}.jsonl`, FOLDER), 'utf8').split('\n')) {
    if (text === '') continue;
    const line = parseLine(text);
    if (typeof line === 'string') throw new Error(`${name}: a line is ${line}`);
    if (line.kind === 'ws' && line.direction === 'recv') received += 1;
    if (replay.line(line) === 'notOffered') return 'notOffered';
  }
  return { summary: replay.end(), received };
}

/** Streams whose records stand alone. */
const VALUES = STREAMS.filter((stream) => stream !== 'orderbook' && stream !== 'trade');

const HEAD = [
  'file',
  'lines',
  'books',
  'applied',
  'dropped',
  'breaks',
  'gaps',
  'tops',
  'checksums',
  'unknown',
  'trades',
  'values',
];

function judge(name: string, expected: Expected): { readonly row: string[]; readonly faults: string[] } {
  const played = play(name);
  if (played === 'notOffered') return { row: [name], faults: ['not offered yet'] };
  const { summary, received } = played;
  const { counters, tops, books } = summary;
  const count = (counter: string): number => counters[counter] ?? 0;
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, one) => sum + one, 0);
  const checksums = count('checksumEqual') + count('checksumMismatch');
  const trades = count('trade') + count('aggregatedTrade');
  const unknown = total(summary.unknownKinds);
  const faults: string[] = [];
  const same = (what: string, seen: number, wanted: number): void => {
    if (seen !== wanted) faults.push(`${what}: ${seen}, expected ${wanted}`);
  };
  same('lines', summary.lines, expected.lines);
  same('books bridged', books.bridged, expected.books);
  same('books seen', books.seen, expected.seen ?? expected.books);
  same('applied', count('depthApplied'), expected.applied);
  same('dropped', count('depthStale'), expected.dropped);
  same('breaks', count('depthGap'), expected.breaks);
  same('open gaps', summary.openGaps, expected.breaks);
  same('gaps', summary.gaps, expected.gaps ?? 0);
  same('repeated states', count('stateStale'), expected.repeated ?? 0);
  same('tops equal', tops.equal, tops.compared);
  if (tops.compared < expected.tops) same('tops compared', tops.compared, expected.tops);
  same('checksums compared', checksums, expected.checksums);
  same('checksums equal', count('checksumEqual'), checksums);
  same('unknown kinds', unknown, 0);
  same('trades', trades, expected.trades);
  const values = expected.values ?? {};
  const records = (stream: string): number => summary.byType[stream] ?? 0;
  for (const stream of VALUES) same(stream, records(stream), values[stream] ?? 0);
  same(
    'unsynced',
    summary.unsynced.length,
    (expected.seen ?? expected.books) - expected.books + expected.breaks,
  );
  if (total(summary.events) < received)
    same('messages without an event', received - total(summary.events), 0);
  const row = [
    name,
    `${summary.lines}`,
    `${books.bridged}/${books.seen}`,
    `${count('depthApplied')}`,
    `${count('depthStale')}`,
    `${count('depthGap')}`,
    `${summary.gaps + summary.openGaps}`,
    `${tops.equal}/${tops.compared}`,
    `${count('checksumEqual')}/${checksums}`,
    `${unknown}`,
    `${trades}`,
    `${VALUES.reduce((sum, stream) => sum + records(stream), 0)}`,
  ];
  return { row, faults };
}

function main(): number {
  if (!existsSync(FOLDER)) {
    process.stderr.write(`the recordings are not at hand: ${FOLDER.pathname}\n`);
    return 1;
  }
  const expected = JSON.parse(readFileSync(EXPECTED, 'utf8')) as Readonly<Record<string, Expected>>;
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => file.slice(0, -'.jsonl'.length))
    .toSorted();
  const rows: string[][] = [HEAD];
  const notes: string[] = [];
  let failed = Object.keys(expected).filter((name) => !files.includes(name)).length;
  if (failed > 0) notes.push(`${failed} expected files are missing`);
  for (const name of files) {
    const wanted = expected[name];
    const { row, faults } =
      wanted === undefined ? { row: [name], faults: ['no expectation'] } : judge(name, wanted);
    rows.push(row);
    if (faults.length > 0) failed += 1;
    for (const fault of faults) notes.push(`FAILED ${name}: ${fault}`);
    if (wanted?.reason !== undefined) notes.push(`${name}: ${wanted.reason}`);
  }
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
  process.stdout.write(
    `\n${notes.join('\n')}\n\n${files.length - failed} of ${files.length} files as expected\n`,
  );
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
