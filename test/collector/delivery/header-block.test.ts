import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers } from '@nats-io/nats-core';
import { HeaderBlock } from '../../../collector/delivery/header-block.ts';

type Encoded = ReturnType<typeof headers> & { encode(): Uint8Array };
const textOf = (block: ReturnType<typeof headers>): string =>
  Buffer.from((block as Encoded).encode()).toString();

test('headers are written as the client writes them, one block after the other', () => {
  const block = new HeaderBlock();
  for (const id of ['trade.binance.A|t1', 'ticker.okx.Ü|7', 'x y|t2']) {
    const own = headers();
    own.set('Nats-Msg-Id', id);
    own.set('Mp-Writer', 'uid/0/pod.1');
    assert.equal(textOf(block.of({ 'Nats-Msg-Id': id, 'Mp-Writer': 'uid/0/pod.1' })), textOf(own));
  }
});

test('a value that would end its line is refused', () => {
  for (const value of ['a\nb', 'a\rb'])
    assert.throws(() => new HeaderBlock().of({ 'Mp-Writer': value }), /Mp-Writer has a line break/);
});
