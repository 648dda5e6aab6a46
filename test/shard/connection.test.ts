/** The one socket of an instance and the handshake slots that it waits for. */
import { expect, test } from 'vitest';
import { Connection } from '../../src/shard/connection.ts';
import { HandshakeSlots } from '../../src/shard/handshake-slots.ts';
import { ScriptedSocket } from './support/scripted-socket.ts';

function connection(slots: HandshakeSlots, opened: string[], name: string): Connection {
  return new Connection({
    slots,
    open: async () => {
      opened.push(name);
      return new ScriptedSocket();
    },
    onFact: () => undefined,
    onOpenFailed: (error) => {
      throw error;
    },
    onFailure: (error) => {
      throw error;
    },
  });
}

// A deletion once waited behind every handshake that was queued before its instance's own, and timed out.
test('an instance that waits for a handshake slot is ended without its turn', async () => {
  const slots = new HandshakeSlots(1);
  const opened: string[] = [];
  const [first, second, third] = ['first', 'second', 'third'].map((name) => connection(slots, opened, name));
  for (const one of [first, second, third]) one?.open();
  await first?.settled();
  expect(slots.waiting).toBe(2);
  second?.end();
  await second?.settled();
  expect(slots.waiting).toBe(1);
  first?.handshakeOver();
  await third?.settled();
  expect(opened).toEqual(['first', 'third']);
  third?.handshakeOver();
  second?.open();
  await second?.settled();
  expect(opened).toEqual(['first', 'third', 'second']);
});

// What came while its instance was leaving opened a socket that nobody owned.
test('once closed it opens nothing, and what was still to open is dropped', async () => {
  const slots = new HandshakeSlots(1);
  const opened: string[] = [];
  const one = connection(slots, opened, 'one');
  one.open();
  await one.close();
  one.open();
  await one.settled();
  expect(opened).toEqual([]);
  expect(one.isClosed).toBe(true);
});
