import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { offeredMarkets } from '../contract/offered.ts';
import { parseLine, type RecordedLine } from '../collector/replay/recording.ts';
import { Replay, type ReplaySummary } from '../collector/replay/replay.ts';
import type { StoredRecord } from '../collector/replay/ideal-stream.ts';
import { EXIT_OK, EXIT_USAGE, isSystemError, parse, usageMessage } from './args.ts';

const USAGE = `Usage: marketprism replay FILE... [--summary]

Runs recorded venue frames through the collector's own pipeline, without a network, and prints one JSON line a message:
{"subject","msgId","record"}. The clock is the recording's; the same file gives the same bytes.

  --summary   print counts, gaps, resyncs and unknown kinds of each file instead
  -h, --help  print this
`;

class BadRecording extends Error {
  override readonly name = 'BadRecording';
}

export async function run(args: readonly string[]): Promise<number> {
  const parsed = parse({
    args: [...args],
    options: { summary: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (parsed.kind === 'fault') {
    process.stderr.write(usageMessage('replay', parsed.message));
    return EXIT_USAGE;
  }
  const { values, positionals: files } = parsed.args;
  if (values.help === true) {
    process.stdout.write(USAGE);
    return EXIT_OK;
  }
  if (files.length === 0) {
    process.stderr.write(usageMessage('replay', 'name at least one FILE'));
    return EXIT_USAGE;
  }
  const wantsSummary = values.summary === true;
  try {
    for (const file of files) {
      const summary = await replayFile(file, wantsSummary ? () => undefined : print);
      if (wantsSummary) process.stdout.write(`${JSON.stringify({ file, ...summary })}\n`);
      else tellTroubles(file, summary);
    }
  } catch (error) {
    if (!(error instanceof BadRecording) && !isSystemError(error)) throw error;
    process.stderr.write(`marketprism replay: ${error.message}\n`);
    return EXIT_USAGE;
  }
  return EXIT_OK;
}

async function replayFile(file: string, onStored: (record: StoredRecord) => void): Promise<ReplaySummary> {
  const replay = new Replay(onStored);
  let number = 0;
  for await (const text of linesOf(file)) {
    number += 1;
    if (text.trim() === '') continue;
    const at = `${file}:${number}`;
    const line = readLine(text, at);
    if (replay.line(line) === 'notOffered')
      throw new BadRecording(
        `${at}: url ${line.url} is of no market that is offered today: ${offeredMarkets()}`,
      );
    // A slow reader slows the replay down; nothing piles up.
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  }
  const summary = replay.end();
  if (summary.lines === 0)
    throw new BadRecording(`${file} is empty; a recording holds one JSON object a line`);
  return summary;
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const handle = await open(file);
    yield* createInterface({ input: handle.createReadStream(), crlfDelay: Infinity });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new BadRecording(`${file} cannot be read: ${error.code}`);
  }
}

function readLine(text: string, at: string): RecordedLine {
  const line = parseLine(text);
  if (line === 'notJson') throw new BadRecording(`${at}: not JSON; a recording holds one JSON object a line`);
  if (line === 'missingField') {
    throw new BadRecording(`${at}: needs t (number), dir (recv, send), url, kind (ws, http) and msg (text)`);
  }
  return line;
}

const decoder = new TextDecoder();

function print(record: StoredRecord): void {
  const subject = JSON.stringify(record.subject);
  const msgId = JSON.stringify(record.msgId);
  process.stdout.write(
    `{"subject":${subject},"msgId":${msgId},"record":${decoder.decode(record.payload)}}\n`,
  );
}

/** Open gaps and books that never came in sync are told at the end, on stderr. */
function tellTroubles(file: string, summary: ReplaySummary): void {
  const { unsynced, openGaps, unknownKinds } = summary;
  if (unsynced.length > 0) process.stderr.write(`${file}: unsynced to the end: ${unsynced.join(', ')}\n`);
  if (openGaps > 0) process.stderr.write(`${file}: ${openGaps} gaps open at the end\n`);
  for (const [kind, count] of Object.entries(unknownKinds)) {
    process.stderr.write(`${file}: ${count} × ${kind}\n`);
  }
}
