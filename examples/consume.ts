// Follows one book and its trades from the last snapshot on, live; says what is missing. With --until-end it ends where the
// stream ends, and prints the book's digest, which `marketprism verify` and examples/consume.py print too.
//
//   node examples/consume.ts binance BTC-USDT [--until-end]        NATS_URL, nats://127.0.0.1:4222
import { connect } from '@nats-io/transport-node';
import { bookDigest } from '../consumer/digest.ts';
import { Follower } from '../consumer/follower.ts';
import { lastSnapshot, readStream } from '../consumer/stream.ts';

const [exchange = 'binance', symbol = 'BTC-USDT', mode] = process.argv.slice(2);
const stream = 'MARKET_DATA';
const subjects = [`orderbook.${exchange}.${symbol}`, `trade.${exchange}.${symbol}`] as const;
const connection = await connect({ servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222' });
const start = await lastSnapshot(connection, { stream, subject: subjects[0] });
console.log(`from ${start === undefined ? 'the first record' : `the snapshot of ${start.id}`} on`);

const follower = new Follower();
await readStream(connection, {
  stream,
  subjects,
  from: { sequence: start?.sequence ?? 1 },
  untilEnd: mode === '--until-end',
  onMessage: (message) => {
    const event = follower.take(message);
    if (event.kind === 'book' && event.step.kind === 'gap')
      console.log(
        `missing between ${event.step.fromId} and ${event.step.toId}: no book until the next snapshot`,
      );
    else if (event.kind === 'book' && event.step.kind === 'replaced' && event.step.how === 'ahead')
      console.log(`missing between ${event.step.fromId} and ${event.book.id}`);
    else if (event.kind === 'book' && event.step.kind === 'applied')
      console.log(`${event.book.id} ${event.book.bids.best} / ${event.book.asks.best}`);
    else if (event.kind === 'trade' && event.step.kind === 'gap')
      console.log(`trades missing between ${event.step.gap.fromId} and ${event.step.gap.toId}`);
    return undefined;
  },
});
const book = follower.books.get(subjects[0]);
if (book !== undefined) console.log(`book ${bookDigest(book)} at ${book.id}`);
await connection.close();
