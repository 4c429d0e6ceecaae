/** Messages as the venues spell them, with whatever numbers. */
export type Random = (below: number) => number;
export type Form = 'spot' | 'futures' | 'okx' | 'deribit';

export function generated(form: Form, random: Random): Buffer {
  switch (form) {
    case 'okx':
      return Buffer.from(okx(random));
    case 'deribit':
      return Buffer.from(deribit(random));
    default:
      return Buffer.from(binance(form, random));
  }
}

const decimal = (random: Random): string => {
  const whole = random(4) === 0 ? '0' : String(random(10 ** (1 + random(9))));
  const digits = random(9);
  if (digits === 0) return whole;
  return `${whole}.${random(3) === 0 ? '0'.repeat(digits) : String(random(2 ** 31)).padStart(digits, '0')}`;
};

const idOf = (random: Random): number =>
  random(2 ** 31) * (1 + random(random(20) === 0 ? 10_000_000 : 1_000));
const timeOf = (random: Random): number => (random(50) === 0 ? idOf(random) * 100 : random(2 ** 31) * 1_000);
const many = <T>(random: Random, make: () => T): T[] =>
  Array.from({ length: random(random(4) === 0 ? 40 : 4) }, make);
const oneOf = <T>(random: Random, values: readonly T[]): T => values[random(values.length)] as T;
const maybe = (random: Random, fields: object): object => (random(2) === 0 ? fields : {});

function binance(form: 'spot' | 'futures', random: Random): string {
  const side = (): [string, string][] => many(random, () => [decimal(random), decimal(random)]);
  const s = oneOf(random, ['BTCUSDT', 'ETHUSD_PERP', '1000PEPEUSDT', 'BTCUSDT_261225']);
  const times = form === 'spot' ? { E: timeOf(random) } : { E: timeOf(random), T: timeOf(random) };
  const pair = form === 'futures' ? maybe(random, { ps: 'BTCUSD' }) : {};
  const before = form === 'futures' ? { pu: idOf(random) } : {};
  const ids = { U: idOf(random), u: idOf(random), ...before };
  const depth = { e: 'depthUpdate', ...times, s, ...pair, ...ids, b: side(), a: side() };
  const orders = form === 'spot' ? maybe(random, { b: idOf(random), a: idOf(random) }) : {};
  const priced = { t: idOf(random), p: decimal(random), q: decimal(random) };
  const m = random(2) === 0;
  const spotTrade = { ...priced, ...orders, T: timeOf(random), m, M: random(2) === 0 };
  const kind = maybe(random, { X: oneOf(random, ['MARKET', 'NA', 'INSURANCE_FUND']) });
  const futuresTrade = { ...priced, ...kind, m };
  const trade = { e: 'trade', ...times, s, ...(form === 'spot' ? spotTrade : futuresTrade) };
  const best = { b: decimal(random), B: decimal(random), a: decimal(random), A: decimal(random) };
  const topTimes = { T: timeOf(random), E: timeOf(random) };
  const coin = { u: idOf(random), e: 'bookTicker', s, ps: 'BTCUSD', ...best, ...topTimes };
  const linear = { e: 'bookTicker', u: idOf(random), s, ...best, ...topTimes };
  const top = form === 'spot' ? { u: idOf(random), s, ...best } : oneOf(random, [coin, linear]);
  const data = oneOf(random, [trade, depth, depth, top]);
  return JSON.stringify(random(2) === 0 ? { stream: `${s.toLowerCase()}@x`, data } : data);
}

function okx(random: Random): string {
  const instId = oneOf(random, ['BTC-USDT', 'ETH-USD-SWAP', 'BTC-USD-261225-100000-C']);
  const row = (): string[] => [decimal(random), decimal(random), '0', String(random(200))];
  const sides = { asks: many(random, row), bids: many(random, row), ts: String(timeOf(random)) };
  const signed = (): number => idOf(random) * (random(10) === 0 ? -1 : 1);
  const channel = oneOf(random, [
    'books',
    'books-l2-tbt',
    'books50-l2-tbt',
    'bbo-tbt',
    'trades-all',
    'trades',
  ]);
  const arg = { channel, instId };
  if (channel === 'bbo-tbt') return JSON.stringify({ arg, data: [{ ...sides, seqId: signed() }] });
  if (channel.startsWith('books')) {
    const checksum = maybe(random, { checksum: random(4) === 0 ? 0 : random(2 ** 32) - 2 ** 31 });
    const ids = maybe(random, { seqId: signed(), prevSeqId: random(9) === 0 ? -1 : signed() });
    const action = oneOf(random, ['update', 'update', 'snapshot']);
    return JSON.stringify({ arg, action, data: [{ ...sides, ...checksum, ...ids }] });
  }
  const trade = (): object => {
    const before = random(2) === 0 ? { source: '0' } : {};
    const behind = 'source' in before ? {} : maybe(random, { source: '0' });
    return {
      instId,
      tradeId: String(idOf(random)),
      px: decimal(random),
      sz: decimal(random),
      side: oneOf(random, ['buy', 'sell']),
      ...before,
      ts: String(timeOf(random)),
      ...maybe(random, { count: String(1 + random(3)) }),
      ...behind,
      ...maybe(random, { seqId: idOf(random) }),
    };
  };
  return JSON.stringify({ arg, data: [trade(), ...(random(3) === 0 ? many(random, trade) : [])] });
}

/** Numbers are spelled as this venue does, so they are put together as text. */
function deribit(random: Random): string {
  const name = oneOf(random, ['BTC-PERPETUAL', 'ETH-30APR21-2240-P', 'XRP_USDC-27AUG26-0d625-C']);
  const number = (): string => {
    const digits = decimal(random);
    const point = digits.includes('.') ? '' : oneOf(random, ['', '.0', '.00']);
    return `${digits}${point}${random(12) === 0 ? oneOf(random, ['e3', 'e-7', 'E+2', 'e0', 'e-12']) : ''}`;
  };
  const data = oneOf(random, [bookOf, bookOf, topOf, tradesOf])(random, { name, number });
  const [kind, end] = data.channel;
  return `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${kind}.${name}.${end}","data":${data.text}}}`;
}

interface Spelled {
  readonly name: string;
  readonly number: () => string;
}
interface Data {
  readonly channel: readonly [kind: string, end: string];
  readonly text: string;
}

function bookOf(random: Random, { name, number }: Spelled): Data {
  const change = (): string => `["${oneOf(random, ['new', 'change', 'delete'])}",${number()},${number()}]`;
  const levels = `"bids":[${many(random, change).join(',')}],"asks":[${many(random, change).join(',')}]`;
  const isChange = random(3) > 0;
  const type = isChange ? 'change' : 'snapshot';
  const [time, id] = [timeOf(random), idOf(random)];
  const before = isChange || random(9) === 0 ? `"prev_change_id":${idOf(random)}` : '';
  const own = `"instrument_name":"${name}"`;
  const text = oneOf(random, [
    `{"type":"${type}","timestamp":${time},${before}${before && ','}${own},"change_id":${id},${levels}}`,
    `{"timestamp":${time},"type":"${type}","change_id":${id},${own},${levels}${before && ','}${before}}`,
    `{"timestamp":${time},${before}${before && ','}${own},"change_id":${id},${levels}}`,
  ]);
  return { channel: ['book', oneOf(random, ['raw', '100ms', 'none.10.100ms'])], text };
}

function topOf(random: Random, { name, number }: Spelled): Data {
  const side = (): string => (random(4) === 0 ? '' : `[${number()},${number()}]`);
  const text =
    `{"timestamp":${timeOf(random)},"instrument_name":"${name}","change_id":${idOf(random)},` +
    `"bids":[${side()}],"asks":[${side()}]}`;
  return { channel: ['book', 'none.1.100ms'], text };
}

function tradesOf(random: Random, { name, number }: Spelled): Data {
  const trade = (): string => {
    const may = (text: string): string => (random(2) === 0 ? text : '');
    const forced = random(8) === 0 ? '"liquidation":"T",' : '';
    return (
      `{"timestamp":${timeOf(random)},"price":${number()},"amount":${number()},` +
      `"direction":"${oneOf(random, ['buy', 'sell'])}","index_price":${number()},"instrument_name":"${name}",` +
      `"trade_seq":${idOf(random)},"mark_price":${number()},${may(`"iv":${number()},`)}"tick_direction":${random(4)},` +
      `${forced}${may(`"starbase_match_id":${idOf(random)}00000001,`)}"trade_id":"ETH-${idOf(random)}"` +
      `${may(`,"contracts":${number()}`)}${may(',"starbase_timestamp":1789344933994718924')}}`
    );
  };
  const text = `[${[trade(), ...(random(3) === 0 ? many(random, trade) : [])].join(',')}]`;
  return { channel: ['trades', '100ms'], text };
}
