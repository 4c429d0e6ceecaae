import { SimulatorError } from '../simulator-error.ts';
import type { HeardBook, HeardFrame, PlaybackDialect } from './dialect.ts';
import { parseLine } from './line.ts';
import type { Json } from './line.ts';

export interface RecordedFrame extends HeardFrame {
  /** Since the first line that is played. */
  readonly offsetMs: number;
  /** Also sent under this name. */
  readonly alias: string | undefined;
}

export interface RecordedSnapshot extends HeardBook {
  readonly offsetMs: number;
}

export interface Recording {
  readonly name: string;
  readonly dialect: PlaybackDialect;
  readonly frames: readonly RecordedFrame[];
  /** Only the first of each symbol: later moments are served from the kept book. */
  readonly snapshots: ReadonlyMap<string, RecordedSnapshot>;
  /** What lists of instruments said, by name. */
  readonly listings: ReadonlyMap<string, Json>;
  readonly spanMs: number;
  /** Lines that are none of these: sent requests, acknowledgements, other REST answers. */
  readonly skippedLines: number;
}

/** Parses a recording: one JSON object a line, `{"t", "dir", "url", "kind": "ws"|"http", "msg"}`. */
export function parseRecording(name: string, text: string, dialect: PlaybackDialect): Recording {
  const frames: RecordedFrame[] = [];
  const snapshots = new Map<string, RecordedSnapshot>();
  const listings = new Map<string, Json>();
  let skippedLines = 0;
  let firstMs: number | undefined;
  let offsetMs = 0;
  for (const [index, lineText] of text.split('\n').entries()) {
    if (lineText.trim() === '') continue;
    const line = parseLine(`${name}:${index + 1}`, lineText, dialect.title);
    const heard = line.dir === 'recv' ? dialect.hear(line) : undefined;
    if (heard === undefined) {
      skippedLines += 1;
      continue;
    }
    if (heard.kind === 'listing') {
      for (const [symbol, entry] of heard.entries) listings.set(symbol, entry);
      continue;
    }
    firstMs ??= line.t;
    offsetMs = Math.max(offsetMs, line.t - firstMs);
    if (heard.kind === 'book' && !snapshots.has(heard.symbol))
      snapshots.set(heard.symbol, { ...heard, offsetMs });
    else if (heard.frame !== undefined) frames.push({ ...heard.frame, offsetMs, alias: undefined });
  }
  if (frames.length === 0) throw new SimulatorError(`${name}: holds no frames of ${dialect.title}'s streams`);
  return {
    name,
    dialect,
    frames: aliased(frames, dialect),
    snapshots,
    listings,
    spanMs: offsetMs,
    skippedLines,
  };
}

/** With the names of the streams that are not there and that others stand in for. */
function aliased(frames: readonly RecordedFrame[], dialect: PlaybackDialect): readonly RecordedFrame[] {
  const streams = new Set(frames.map(({ stream }) => stream));
  return frames.map((frame) => {
    const alias = dialect.standsFor(frame.stream);
    return alias === undefined || streams.has(alias) ? frame : { ...frame, alias };
  });
}
