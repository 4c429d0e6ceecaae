import type { ConnectionPort, MarketFrame, Session, VenueContext } from '../ports.ts';
import type { ProtocolRun } from '../protocol-run.ts';
import { familyOf } from './contracts.ts';
import type { OkxFrames } from './frames.ts';
import { REQUESTS_PER_HOUR } from './limits.ts';
import { parseOkxRequest } from './requests.ts';
import type { ChannelArgument, OkxRequest, TargetKey } from './requests.ts';

const HOUR_MS = 3_600_000;

interface Offer {
  /** Part of the argument that says what the channel is of; undefined: of everything. */
  readonly key: TargetKey | undefined;
}
const INSTRUMENT: Offer = { key: 'instId' };
const FAMILY: Offer = { key: 'instFamily' };
const TYPE: Offer = { key: 'instType' };

/** Channels of each path; those that the synthetic market has nothing to say on are acknowledged and stay silent. */
const CHANNELS: Readonly<Record<string, Readonly<Record<string, Offer>>>> = {
  '/ws/v5/public': {
    books: INSTRUMENT,
    books5: INSTRUMENT,
    'bbo-tbt': INSTRUMENT,
    trades: INSTRUMENT,
    tickers: INSTRUMENT,
    'funding-rate': INSTRUMENT,
    'mark-price': INSTRUMENT,
    'open-interest': INSTRUMENT,
    'price-limit': INSTRUMENT,
    'index-tickers': INSTRUMENT,
    instruments: TYPE,
    'liquidation-orders': TYPE,
    'opt-summary': FAMILY,
    'option-trades': FAMILY,
    status: { key: undefined },
  },
  '/ws/v5/business': { 'trades-all': INSTRUMENT, 'public-block-trades': INSTRUMENT },
};
const INST_TYPES = ['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION'];
/** Need a login and a fee tier. */
const CLOSED_CHANNELS: readonly string[] = ['books-l2-tbt', 'books50-l2-tbt'];

export const OKX_PATHS = Object.keys(CHANNELS);

export interface OkxParts {
  readonly run: ProtocolRun;
  readonly frames: OkxFrames;
}

/** A connection at one of the two paths. */
export class OkxSession implements Session {
  readonly form = 'text';
  readonly #path: string;
  readonly #connection: ConnectionPort;
  readonly #context: VenueContext;
  readonly #parts: OkxParts;
  #requestTimesMs: number[] = [];

  constructor(path: string, connection: ConnectionPort, context: VenueContext, parts: OkxParts) {
    this.#path = path;
    this.#connection = connection;
    this.#context = context;
    this.#parts = parts;
  }

  get #connId(): string {
    return Math.imul(this.#connection.id, 0x9e3779b1).toString(16).replace('-', '').padStart(8, '0');
  }

  text({ data }: MarketFrame): string {
    return data;
  }

  farewell(): string {
    const msg = 'The connection will soon be closed for a service upgrade. Please reconnect.';
    return JSON.stringify({ event: 'notice', code: '64008', msg, connId: this.#connId });
  }

  receive(text: string): string {
    const request = parseOkxRequest(text);
    if (request.kind === 'ping') this.#connection.send('pong');
    else if (request.kind === 'malformed') this.#refuse(request.id, '60012', `Invalid request: ${text}`);
    else if (!this.#countRequest() || this.#parts.run.takeFault('tooManyRequests', ''))
      this.#refuse(request.id, '60014', 'Requests too frequent');
    else for (const channel of request.channels) this.#answer(request, channel);
    return request.kind;
  }

  #answer({ kind, id }: Extract<OkxRequest, { channels: unknown }>, channel: ChannelArgument): void {
    const { of } = channel;
    if (CLOSED_CHANNELS.includes(channel.channel)) {
      const msg = 'Your trading fee tier doesn’t meet the requirement to access this channel';
      return this.#refuse(id, '64003', msg);
    }
    const offer = CHANNELS[this.#path]?.[channel.channel];
    if (offer === undefined || offer.key !== of?.key || !this.#knows(channel)) {
      const named = `channel:${channel.channel},${of?.key ?? 'instId'}:${of?.name ?? ''}`;
      const msg = `Wrong URL or ${named} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`;
      return this.#refuse(id, '60018', msg);
    }
    const name = of?.name ?? '';
    const stream = `${name}@${channel.channel}`;
    this.#say(id, { event: kind, arg: channel.sent });
    if (kind === 'unsubscribe') return this.#connection.unsubscribe([stream]);
    if (this.#connection.subscribe([stream]).length > 0) this.#open(channel.channel, name);
  }

  #knows({ channel, of }: ChannelArgument): boolean {
    const { symbols } = this.#context.market;
    if (of === undefined) return true;
    switch (of.key) {
      case 'instType':
        return INST_TYPES.includes(of.name);
      case 'instFamily':
        return symbols.some((known) => familyOf(known) === of.name);
      default:
        return symbols.some(
          (known) => of.name === (channel === 'index-tickers' ? familyOf(known) : known.symbol),
        );
    }
  }

  #open(channel: string, name: string): void {
    if (channel === 'books') return this.#sendSnapshot(name);
    const opening = this.#parts.frames.statistics.opening(channel, name);
    if (opening !== undefined) this.#connection.send(opening);
  }

  #sendSnapshot(instId: string): void {
    const { market, distort, marketNowMs } = this.#context;
    const { frames, run } = this.#parts;
    if (market.opening !== undefined) {
      const opening = market.opening(instId, (book) => distort(instId, book));
      if (opening !== undefined && !run.takeFault('noSnapshot', instId)) this.#connection.send(opening);
      return;
    }
    const whole = market.book(instId);
    if (whole === undefined) return;
    const { book } = frames.published(instId, () => whole);
    if (run.takeFault('noSnapshot', instId)) return;
    this.#connection.send(frames.snapshot(instId, distort(instId, book), book, marketNowMs()));
  }

  #refuse(id: string | undefined, code: string, msg: string): void {
    this.#say(id, { event: 'error', code, msg });
  }

  #say(id: string | undefined, fields: object): void {
    const begin = id === undefined ? {} : { id };
    this.#connection.send(JSON.stringify({ ...begin, ...fields, connId: this.#connId }));
  }

  #countRequest(): boolean {
    const nowMs = this.#context.nowMs();
    this.#requestTimesMs = this.#requestTimesMs.filter((timeMs) => timeMs > nowMs - HOUR_MS);
    if (this.#requestTimesMs.length >= REQUESTS_PER_HOUR) return false;
    this.#requestTimesMs.push(nowMs);
    return true;
  }
}
