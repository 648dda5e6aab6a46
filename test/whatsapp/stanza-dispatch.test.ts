/** Stanzas that come by the thousand are told of under one name; all others as Baileys tells of them. */
import { EventEmitter } from 'node:events';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { dispatchOnce } from '../../src/whatsapp/stanza-dispatch.ts';

/** As `onMessageReceived` of Baileys 7.0.0-rc14 does. */
function tell(ws: EventEmitter, node: BinaryNode): boolean {
  const { tag, attrs, content } = node;
  const child = Array.isArray(content) ? (content[0]?.tag ?? '') : '';
  const names = Object.entries(attrs).flatMap(([name, value]) => [
    `CB:${tag},${name}:${value},${child}`,
    `CB:${tag},${name}:${value}`,
    `CB:${tag},${name}`,
  ]);
  const all = ['frame', `TAG:${attrs['id']}`, ...names, `CB:${tag},,${child}`, `CB:${tag}`];
  return all.map((name) => ws.emit(name, node)).some(Boolean);
}

function listening(names: readonly string[]): { ws: EventEmitter; heard: string[] } {
  const ws = new EventEmitter();
  const heard: string[] = [];
  for (const name of names) ws.on(name, () => heard.push(name));
  dispatchOnce(ws);
  return { ws, heard };
}

const stanza = (tag: string, attrs: Record<string, string>): BinaryNode => ({ tag, attrs });

it('tells of a message, a receipt and the acknowledgement of a message once', () => {
  const names = ['frame', 'CB:message', 'CB:receipt', 'CB:ack,class:message', 'TAG:1'];
  const { ws, heard } = listening(names);
  expect(tell(ws, stanza('message', { id: '1', from: 'a' }))).toBe(true);
  tell(ws, stanza('receipt', { id: '1', type: 'read' }));
  tell(ws, stanza('ack', { id: '1', class: 'message' }));
  expect(heard).toEqual([
    ...['frame', 'CB:message'],
    ...['frame', 'CB:receipt'],
    ...['frame', 'CB:ack,class:message'],
  ]);
});

it('leaves every other stanza, and every other event, as it is', () => {
  const names = ['CB:iq', 'TAG:7', 'CB:ack,class:receipt', 'CB:notification,type:w:gp2', 'close', 'frame'];
  const { ws, heard } = listening(names);
  tell(ws, stanza('iq', { id: '7' }));
  tell(ws, stanza('ack', { id: '8', class: 'receipt' }));
  tell(ws, stanza('notification', { id: '9', type: 'w:gp2' }));
  ws.emit('frame', new Uint8Array([1]));
  ws.emit('close');
  expect(heard).toEqual([
    ...['frame', 'TAG:7', 'CB:iq'],
    ...['frame', 'CB:ack,class:receipt'],
    ...['frame', 'CB:notification,type:w:gp2'],
    ...['frame', 'close'],
  ]);
  expect(tell(ws, stanza('call', { id: '1' }))).toBe(true);
});

it('tells of the same stanza again when it comes again', () => {
  const { ws, heard } = listening(['CB:message']);
  const message = stanza('message', { id: '1' });
  tell(ws, message);
  tell(ws, message);
  expect(heard).toEqual(['CB:message', 'CB:message']);
});

it('refuses a listener that would never hear anything', () => {
  expect(() => listening(['CB:receipt,type:read'])).toThrow(/CB:receipt,type:read/);
  expect(() => listening(['CB:ack'])).toThrow(/CB:ack/);
});
