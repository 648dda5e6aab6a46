/** Ring records come back as they went in. */
import { expect, it } from 'vitest';
import { decodeEventFrame, encodeEventFrame } from '../../src/store/event-frame.ts';
import { someEvent } from './records.ts';

it('decodes what it encoded', () => {
  const events = [
    { event: someEvent(2 ** 52 + 1), webhooks: ['shop', '*'] },
    { event: someEvent(7, 'desk', null), webhooks: [] },
  ];
  const record = Uint8Array.from(encodeEventFrame({ shard: 3, frame: 9, events }));
  expect(decodeEventFrame(record)).toEqual({ shard: 3, frame: 9, events });
});
