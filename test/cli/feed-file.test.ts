import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as holds, constantFrom, jsonValue, property, string } from 'fast-check';
import { feedSchema } from '../../cli/crd.ts';
import { readFeedFile } from '../../cli/feed-file.ts';

const schema = feedSchema();
const HEAD = 'apiVersion: marketprism.io/v1alpha1\nkind: CollectorFeed\nmetadata: { name: majors }\n';
const SPEC = {
  exchange: 'exchange: binance',
  market: 'market: spot',
  symbols: 'symbols: [BTC-USDT]',
  streams: 'streams: [orderbook, trade]',
};

/** A feed with fields replaced, removed (undefined) or added. */
function feed(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const fields = Object.values({ ...SPEC, ...changes }).filter((line) => line !== undefined);
  return `${HEAD}spec:\n${fields.map((line) => `  ${line}\n`).join('')}`;
}

function faultsOf(text: string): readonly string[] {
  const read = readFeedFile(text, 'feed.yaml', schema);
  return read.kind === 'faults' ? read.faults : [];
}

describe('a feed file', () => {
  it('that is right is taken, with the namespace default', () => {
    const read = readFeedFile(feed(), 'feed.yaml', schema);
    assert.equal(read.kind, 'feed');
    assert.deepEqual(read.kind === 'feed' && read.feed, {
      spec: { exchange: 'binance', market: 'spot', symbols: ['BTC-USDT'], streams: ['orderbook', 'trade'] },
      metadata: { name: 'majors', namespace: 'default' },
    });
  });

  const refused: readonly (readonly [what: string, text: string, fault: string])[] = [
    [
      'an unknown exchange',
      feed({ exchange: 'exchange: kraken' }),
      'feed.yaml:5:3: spec.exchange: Unsupported value: "kraken": supported values: "binance", "okx", "deribit"',
    ],
    [
      'an empty list of symbols',
      feed({ symbols: 'symbols: []' }),
      'feed.yaml:7:3: spec.symbols: Invalid value: 0: spec.symbols in body should have at least 1 items',
    ],
    [
      'a symbol that YAML reads as a number',
      feed({ symbols: 'symbols: [BTC-USDT, 1000]' }),
      'feed.yaml:7:23: spec.symbols[1]: Invalid value: 1000: spec.symbols[1] in body must be of type string: "integer"; put it in quotes',
    ],
    [
      'a symbol with a space',
      feed({ symbols: 'symbols: ["BTC USDT"]' }),
      'feed.yaml:7:13: spec.symbols[0]: Invalid value: "BTC USDT": spec.symbols[0] in body should match \'^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]*$\'',
    ],
    [
      'a symbol that is there twice',
      feed({ symbols: 'symbols: [BTC-USDT, BTC-USDT]' }),
      'feed.yaml:7:23: spec.symbols[1]: Duplicate value: "BTC-USDT"',
    ],
    ['a missing field', feed({ market: undefined }), 'feed.yaml:4:1: spec.market: Required value'],
    [
      'a field with a slip of the finger',
      feed({ more: 'redundency: 2' }),
      'feed.yaml:9:3: unknown field "spec.redundency"; did you mean "redundancy"?',
    ],
    [
      'a number that is not offered',
      feed({ more: 'redundancy: 3' }),
      'feed.yaml:9:3: spec.redundancy: Unsupported value: 3: supported values: 1, 2',
    ],
    [
      'volatility-index on a spot market',
      feed({ streams: 'streams: [volatility-index]' }),
      'feed.yaml:8:3: spec.streams: volatility-index needs market: index with symbols: [BTC, ETH]; collect it in a feed of its own, or remove it',
    ],
    [
      'both ways to name symbols',
      feed({ more: 'symbolSelector: { quote: USDT }' }),
      'feed.yaml:7:3: set exactly one of spec.symbols and spec.symbolSelector',
    ],
    [
      'a template without a symbol',
      feed({ more: 'nats: { subjects: { trade: "trade.{exchange}" } }' }),
      'feed.yaml:9:23: spec.nats.subjects.trade needs {symbol} or {instrument}, so that every instrument has a subject of its own; add one',
    ],
    [
      'a password in a server',
      feed({ more: 'nats: { servers: ["nats://me:secret@host:4222"] }' }),
      'feed.yaml:9:11: spec.nats.servers may hold no user and no password; put them into a Secret and name it in spec.nats.credentialsSecret',
    ],
    [
      'snapshots rarer than the stream remembers',
      feed({ book: 'orderbook: { snapshotEvery: 8h }', jetstream: 'jetstream: { maxAge: 1d }' }),
      'feed.yaml:9:16: spec.orderbook.snapshotEvery must be less than a third of spec.jetstream.maxAge, else consumers may find no snapshot; lower the one or raise the other',
    ],
    [
      'another apiVersion',
      feed().replace('v1alpha1', 'v1'),
      'feed.yaml:1:1: apiVersion: Unsupported value: "marketprism.io/v1": supported values: "marketprism.io/v1alpha1"',
    ],
    [
      'a name that Kubernetes refuses',
      feed().replace('majors', 'My_Feed'),
      'feed.yaml:3:13: metadata.name: Invalid value: "My_Feed": use lower case letters, digits, "-" and "."',
    ],
  ];
  for (const [what, text, fault] of refused) {
    it(`with ${what} is refused with line, field, value and mend`, () => {
      assert.deepEqual(faultsOf(text), [fault]);
    });
  }

  it('names all faults at once, in the order of the file', () => {
    const faults = faultsOf(
      feed({ exchange: 'exchange: kraken', streams: 'streams: [trades]', more: 'x: 1' }),
    );
    assert.deepEqual(
      faults.map((fault) => fault.split(':')[1]),
      ['5', '8', '9'],
    );
  });

  it('that is no YAML is refused with line and column', () => {
    const [fault] = faultsOf(`${HEAD}spec:\n  symbols: [BTC-USDT\n  streams: [trade]\n`);
    assert.match(fault ?? '', /^feed\.yaml:6:\d+: malformed YAML: /);
  });

  it('with a key twice is refused', () => {
    assert.match(
      faultsOf(feed({ more: 'market: spot' }))[0] ?? '',
      /^feed\.yaml:9:3: malformed YAML: .*unique/,
    );
  });

  it('with two feeds, none or nothing is refused with what it holds', () => {
    assert.match(faultsOf(`${feed()}---\n${feed()}`)[0] ?? '', /^feed\.yaml:10:1: a second CollectorFeed/);
    assert.match(faultsOf('kind: Secret\n')[0] ?? '', /^feed\.yaml:1:1: no CollectorFeed .*found Secret/);
    assert.match(faultsOf('')[0] ?? '', /the file is empty/);
    assert.match(faultsOf('- a list\n')[0] ?? '', /a document without kind/);
  });

  it('beside other documents is taken, and those are named', () => {
    const read = readFeedFile(`kind: Namespace\n---\n${feed()}---\n`, 'feed.yaml', schema);
    assert.deepEqual(read.kind === 'feed' && read.ignored, ['Namespace']);
  });

  it('is answered with faults, never an exception, whatever stands in it', () => {
    const value = jsonValue({ maxDepth: 3 });
    holds(
      property(constantFrom('metadata', 'spec', 'apiVersion', 'x'), string(), value, (key, text, any) => {
        const base = { apiVersion: 'marketprism.io/v1alpha1', kind: 'CollectorFeed' };
        const withKey = JSON.stringify({ ...base, [key]: any });
        const withSpec = JSON.stringify({
          ...base,
          metadata: { name: 'a' },
          spec: { exchange: any, [text]: any },
        });
        for (const document of [withKey, withSpec, text]) assert.notEqual(faultsOf(document).length, 0);
      }),
      { numRuns: 200 },
    );
  });
});
