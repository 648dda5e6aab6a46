/** Ring records come back as they went in, with bodies that share no memory with the record. */
import { expect, it } from 'vitest';
import { decodeEventFrame, encodeEventFrame } from '../../src/store/event-frame.ts';
import { someEvent } from './records.ts';

it('decodes what it encoded, and survives the record being overwritten', () => {
  const events = [
    { event: someEvent(2 ** 52 + 1), webhooks: ['shop', '*'] },
    { event: someEvent(7, 'desk', null), webhooks: [] },
  ];
  const record = Uint8Array.from(encodeEventFrame({ shard: 3, frame: 9, events }));
  const frame = decodeEventFrame(record);
  record.fill(0);
  expect(frame).toEqual({ shard: 3, frame: 9, events });
});
