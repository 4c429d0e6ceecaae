// An independent application of a recording, naive on purpose: it is what the published records are
// held against, and shares no code with collector, simulator or contract.
import { readFileSync, existsSync } from 'node:fs';

const folder = new URL('../../../shared/recordings/', import.meta.url);

/** The recording's lines; undefined where the recordings are not at hand (with CI=true that is an error). */
export function recordingPath(name: string): string | undefined {
  const path = new URL(`${name}.jsonl`, folder).pathname;
  if (existsSync(path)) return path;
  if (process.env['CI'] === 'true') throw new Error(`recordings are missing: ${path}`);
  return undefined;
}

export interface AppliedRecording {
  /** By instrument, lower or upper as the venue writes it; price text without trailing zeros → size text. */
  readonly books: ReadonlyMap<
    string,
    {
      readonly bids: ReadonlyMap<string, string>;
      readonly asks: ReadonlyMap<string, string>;
      /** That of the last frame applied, as the venue numbers it. */
      readonly lastId: number;
    }
  >;
  /** By instrument, in the order of the wire. */
  readonly trades: ReadonlyMap<
    string,
    readonly { readonly id: string; readonly price: string; readonly size: string }[]
  >;
}

interface Line {
  readonly kind: 'ws' | 'http';
  readonly dir: 'recv' | 'send';
  readonly url: string;
  readonly msg: string;
}

type Side = Map<string, string>;

/** `limits`: by instrument, the id of a book's last update; without one everything is applied. */
export function applyRecording(
  path: string,
  limits: ReadonlyMap<string, number> = new Map(),
): AppliedRecording {
  const books = new Map<string, { bids: Side; asks: Side; lastId: number }>();
  const trades = new Map<string, { id: string; price: string; size: string }[]>();
  const pending = new Map<string, { u: number; b: string[][]; a: string[][] }[]>();
  const update = (symbol: string, frame: { u: number; b: string[][]; a: string[][] }): void => {
    const book = books.get(symbol);
    if (book === undefined) {
      pending.set(symbol, [...(pending.get(symbol) ?? []), frame]);
    } else if (frame.u > book.lastId && frame.u <= (limits.get(symbol) ?? Infinity)) {
      setLevels(book.bids, frame.b);
      setLevels(book.asks, frame.a);
      book.lastId = frame.u;
    }
  };
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = JSON.parse(text) as Line;
    if (line.dir !== 'recv') continue;
    if (line.kind === 'http') {
      if (!line.url.includes('/depth')) continue;
      const symbol = new URL(line.url).searchParams.get('symbol')?.toUpperCase() ?? '';
      const body = JSON.parse(line.msg) as { lastUpdateId: number; bids: string[][]; asks: string[][] };
      const book = {
        bids: new Map<string, string>(),
        asks: new Map<string, string>(),
        lastId: body.lastUpdateId,
      };
      setLevels(book.bids, body.bids);
      setLevels(book.asks, body.asks);
      books.set(symbol, book);
      for (const frame of pending.get(symbol) ?? []) update(symbol, frame);
      pending.delete(symbol);
      continue;
    }
    if (line.msg === 'pong') continue;
    const outer = JSON.parse(line.msg) as { data?: Record<string, unknown> } & Record<string, unknown>;
    if ('jsonrpc' in outer) {
      applyDeribit(line.msg, books);
      continue;
    }
    if ('arg' in outer) {
      applyOkx(outer as unknown as OkxMessage, books, trades);
      continue;
    }
    const event: Record<string, unknown> = outer.data ?? outer;
    if (event['e'] === 'depthUpdate')
      update(event['s'] as string, event as unknown as { u: number; b: string[][]; a: string[][] });
    if (event['e'] === 'trade') {
      const list = trades.get(event['s'] as string) ?? [];
      list.push({ id: String(event['t']), price: event['p'] as string, size: event['q'] as string });
      trades.set(event['s'] as string, list);
    }
  }
  return { books, trades };
}

interface OkxMessage {
  readonly arg: { readonly channel: string; readonly instId: string };
  readonly action?: string;
  readonly data?: readonly (Record<string, string> & {
    readonly seqId?: number;
    readonly bids?: string[][];
    readonly asks?: string[][];
  })[];
}

/** Each entry of OKX's books and trades; a book without ids is numbered by the time and the ordinal within it. */
function applyOkx(
  { arg, action, data = [] }: OkxMessage,
  books: Map<string, { bids: Side; asks: Side; lastId: number }>,
  trades: Map<string, { id: string; price: string; size: string }[]>,
): void {
  for (const entry of data) {
    if (arg.channel === 'trades') {
      const { tradeId: id = '', px: price = '', sz: size = '' } = entry;
      trades.set(arg.instId, [...(trades.get(arg.instId) ?? []), { id, price, size }]);
    }
    if (arg.channel !== 'books' && arg.channel !== 'books-l2-tbt') continue;
    const before = books.get(arg.instId);
    const timed = Math.max(Number(entry['ts']) * 1_000, (before?.lastId ?? 0) + 1);
    const lastId = entry.seqId ?? timed;
    const book =
      before === undefined || action === 'snapshot'
        ? { bids: new Map<string, string>(), asks: new Map<string, string>(), lastId }
        : before;
    setLevels(book.bids, entry.bids ?? []);
    setLevels(book.asks, entry.asks ?? []);
    book.lastId = lastId;
    books.set(arg.instId, book);
  }
}

/** Numbers are written out before they are read, so that they stay text; exponents are read by value. */
function applyDeribit(msg: string, books: Map<string, { bids: Side; asks: Side; lastId: number }>): void {
  const quoted = msg.replace(
    /(?<=[,[])(-?\d[\d.e+-]*)(?=[,\]])/gi,
    (digits) => `"${String(Number(digits))}"`,
  );
  const { params } = JSON.parse(quoted) as {
    readonly params?: { readonly channel?: string; readonly data?: DeribitBook };
  };
  const data = params?.data;
  if (data === undefined || params?.channel?.startsWith('book.') !== true) return;
  const empty = { bids: new Map<string, string>(), asks: new Map<string, string>(), lastId: 0 };
  const before = data.prev_change_id === undefined ? empty : books.get(data.instrument_name);
  if (before === undefined) return;
  for (const side of ['bids', 'asks'] as const)
    setLevels(
      before[side],
      data[side].map(([action, price = '', amount = '']) => [price, action === 'delete' ? '0' : amount]),
    );
  before.lastId = data.change_id;
  books.set(data.instrument_name, before);
}

interface DeribitBook {
  readonly instrument_name: string;
  readonly change_id: number;
  readonly prev_change_id?: number;
  readonly bids: string[][];
  readonly asks: string[][];
}

function setLevels(side: Side, levels: string[][]): void {
  for (const [price = '', size = ''] of levels) {
    if (Number(size) === 0) side.delete(price);
    else side.set(price, size);
  }
}
