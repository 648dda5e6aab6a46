/** The codec: any frame of plain data survives, shaped or not; nothing that arrives can do worse than throw. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodec, type Frame } from '../../src/thread/codec.ts';

const shapes = { Send: ['kind', 'to', 'text'], Received: ['kind', 'at', 'bytes'] };

const data: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .filter((value) => value > 2n ** 53n || value < -(2n ** 53n)),
    fc.uint8Array({ maxLength: 50 }),
  ),
  node: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 6 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('node'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).node;

const message = fc.oneof(
  fc.record({ kind: fc.constant('Send'), to: fc.string(), text: data }),
  fc.record({ kind: fc.constant('Send'), to: fc.string(), more: data }),
  fc.record({ kind: fc.constant('Received'), at: fc.integer(), bytes: fc.uint8Array() }),
  fc.record({ kind: fc.string(), value: data }),
);
const id = fc.integer({ min: 1, max: 0x7fff_ffff });
const frame: fc.Arbitrary<Frame> = fc.record({
  sequence: fc.nat(),
  letters: fc
    .array(fc.tuple(id, fc.integer({ min: 0, max: 2e12 }), message), { maxLength: 20 })
    .map((list) => list.flat(1)),
  replies: fc.array(fc.tuple(id, data), { maxLength: 20 }).map((list) => list.flat(1)),
  failures: fc
    .array(fc.tuple(id, fc.record({ code: fc.string(), detail: fc.string() })))
    .map((list) => list.flat(1)),
  finished: fc.array(id),
});

describe.each([
  ['with shapes', shapes],
  ['without shapes', {}],
])('frames %s', (_, known) => {
  const [here, there] = [createCodec(known), createCodec(known)];

  test('arrive as they were sent', () => {
    fc.assert(
      fc.property(frame, (sent) => {
        expect(there.decode(here.encode(sent))).toEqual(sent);
      }),
    );
  });

  test('are exact private copies', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 2, maxLength: 4 }), (frames) => {
        const encoded = frames.map((sent) => here.encode(sent));
        for (const bytes of encoded)
          expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, bytes.byteLength]);
        // Taking one away, as a transfer does, must leave the others whole.
        structuredClone(encoded[0], { transfer: [encoded[0]?.buffer as ArrayBuffer] });
        expect(encoded.slice(1).map((bytes) => there.decode(bytes))).toEqual(frames.slice(1));
      }),
    );
  });

  test('of noise throw or decode, and leave the codec sound', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), frame, (noise, sent) => {
        try {
          there.decode(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        expect(there.decode(here.encode(sent))).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });
});

test('bytes that were received do not keep the frame that brought them', () => {
  const codec = createCodec();
  const sent = {
    sequence: 0,
    letters: [],
    replies: [1, new Uint8Array([1, 2, 3])],
    failures: [1, new Uint8Array(5000)],
    finished: [],
  };
  const bytes = codec.decode(codec.encode(sent)).replies[1] as Uint8Array;
  expect(bytes.buffer.byteLength).toBeLessThan(100);
});
