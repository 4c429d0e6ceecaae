import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Level } from '../../../contract/record.ts';
import { listOf } from '../../../collector/book/level-reader.ts';
import { ByteWriter, piece } from '../../../collector/pipeline/byte-writer.ts';

const written = (write: (writer: ByteWriter) => void): string => {
  const writer = new ByteWriter();
  writer.start();
  write(writer);
  return Buffer.from(writer.done()).toString();
};

test('an integer is written as it reads, up to what a double holds', () => {
  const edges = [0, 1, 9, 10, 99_999_999, 100_000_000, 1e15, 1e16 - 1e8, Number.MAX_SAFE_INTEGER].filter(
    Number.isSafeInteger,
  );
  const integers = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges, ...edges.map((one) => -one)));
  fc.assert(
    fc.property(integers, (value) => {
      assert.equal(
        written((writer) => writer.integer(value)),
        JSON.stringify(value),
      );
    }),
    { numRuns: 2_000 },
  );
});

const digits = fc.stringMatching(/^\d{1,20}(\.\d{1,20})?$/);
const sizes = fc.oneof(
  digits,
  fc.constantFrom('0', '0.0', '0.00000000', '000', '10', '0.01', '2.00', '48.0'),
);

test('levels are written as JSON, a size of zero in any spelling as the removal', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(digits, sizes)), (levels) => {
      const wanted = levels.map(([price, size]): Level => [price, /^0+(\.0+)?$/.test(size) ? '0' : size]);
      assert.equal(
        written((writer) => writer.levels(listOf('bids', levels))),
        JSON.stringify(wanted),
      );
      assert.deepEqual(listOf('asks', levels).levels(), wanted);
    }),
  );
});

test('a record is a copy of its own, however large', () => {
  const writer = new ByteWriter();
  writer.start();
  writer.raw(piece('a'.repeat(100_000)));
  writer.integer(1);
  const first = writer.done();
  writer.start();
  writer.raw(piece('b'));
  assert.equal(Buffer.from(writer.done()).toString(), 'b');
  assert.equal(Buffer.from(first).toString(), `${'a'.repeat(100_000)}1`);
});

test('records that are kept stay as they were written, whatever follows them', () => {
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.nat(6_000), fc.nat(40_000)), { maxLength: 60 });
  fc.assert(
    fc.property(lengths, (sizes) => {
      const writer = new ByteWriter();
      const kept = sizes.map((size, index) => {
        writer.start();
        writer.integer(index);
        writer.raw(piece('é'.repeat(size >> 2)));
        writer.text(`,${'y'.repeat(size >> 1)}`);
        return writer.done();
      });
      kept.forEach((record, index) => {
        const size = sizes[index] ?? 0;
        assert.equal(
          Buffer.from(record).toString(),
          `${index}${'é'.repeat(size >> 2)},${'y'.repeat(size >> 1)}`,
        );
      });
    }),
    { numRuns: 50 },
  );
});
