/** Records for store tests and a folder that goes away with the test. Nothing here knows LMDB. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { defaultInstanceSettings, type InstanceConfig } from '../../src/protocol/instance.ts';
import type { MessageView } from '../../src/protocol/message.ts';
import type { OpenOptions } from '../../src/store/lmdb/open.ts';
import type { DeadLetter, SentRecord } from '../../src/store/ports.ts';

export const identity = { socketHost: 'web.whatsapp.com', rootKey: 'ab'.repeat(32) };

export function scratchFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'elenco-store-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const optionsFor = (dir: string, isOwner = true): OpenOptions => ({
  dir,
  identity,
  durability: 'process',
  isOwner,
  clock: systemClock,
});

/** What the contract's tests of expiry count on. */
export const contractRetention = { ageMs: 10 * 24 * 3_600_000, countMax: 5 };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function someEvent(seq: number, instance = 'shop', chat: string | null = 'c1'): EventRecord {
  const id = `event-${instance}-${seq}`;
  const body = bytes(JSON.stringify({ id, type: 'message.received', instance, at: seq, data: {} }));
  return { seq, id, type: 'message.received', instance, chat, at: seq, body };
}

export const someConfig = (id: string): InstanceConfig => ({
  id,
  createdAt: 1,
  shard: 0,
  tokenHash: 'h',
  settings: defaultInstanceSettings,
  webhook: null,
  proxy: null,
  metadata: { nested: { list: [1, 'two', null] } },
});

export function someLetter(webhook: string, seq: number, instance = webhook): DeadLetter {
  const eventId = `event-${instance}-${seq}`;
  const at = { at: 5, deadAt: 6 };
  return {
    webhook,
    seq,
    instance,
    eventId,
    type: 'message.received',
    ...at,
    attempts: 3,
    httpStatus: 410,
    error: 'gone',
  };
}

export function someSent(id: string, timestamp: number, instance = 'shop'): SentRecord {
  const party = { jid: '1@s.whatsapp.net', pn: '1', lid: null };
  const view: MessageView = {
    id,
    instance,
    chat: party,
    from: party,
    to: party,
    fromMe: true,
    type: 'text',
    text: 'hello',
    media: null,
    quote: null,
    timestamp,
    status: 'queued',
    statusAt: timestamp,
    error: null,
  };
  const content = { type: 'text', text: 'hello', mentions: [] } as const;
  return { instance, id, to: party.jid, content, quote: null, wait: 'server', view, proto: null };
}
