/**
 * History that the phone sends once a device is linked (`syncHistory`): chunk by chunk from WhatsApp's media host,
 * decrypted, inflated, read and stored in small parts, so that no chunk is ever whole in memory and the other sockets
 * of the thread are served between. What is not stored yet is taken up again after a restart. Baileys declines it.
 */
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Duplex, pipeline, Readable } from 'node:stream';
import { createInflate } from 'node:zlib';
import { type LIDMapping, proto } from '@whiskeysockets/baileys';
import { yieldTurn } from '../clock.ts';
import { detach } from '../detach.ts';
import { AppError } from '../errors.ts';
import { requestsDir } from '../media/spool.ts';
import type { EventData } from '../protocol/events.ts';
import { resolvedParty } from './addresses.ts';
import type { CapabilityParts } from './capability-parts.ts';
import { defaultMediaHost, download } from './download.ts';
import { conversationOf, messageOf, namesOf, stateOf } from './history-content.ts';
import { historyFields } from './history-fields.ts';
import { historyKinds, historyPrefix } from './history-rows.ts';
import { historyChunkBytesMax, historyPartMessages } from './limits.ts';
import type { HistoryChat, HistoryMessage, HistoryPart } from './wa-socket.ts';

type Notification = proto.Message.IHistorySyncNotification;
type Counts = Omit<EventData['history.synced'], 'kind' | 'progress'>;
type Contacts = HistoryPart['contacts'];

/** Fields of WAProto's HistorySync. */
const fields = { conversations: 2, pushNames: 7, mappings: 15 } as const;
const macBytes = 10;

class HistorySync {
  private readonly parts: CapabilityParts;
  private isRunning = false;
  /** Could not be fetched on this connection. */
  private readonly failed = new Set<string>();

  constructor(parts: CapabilityParts) {
    this.parts = parts;
  }

  readonly start = (): void => {
    if (this.isRunning) return;
    this.isRunning = true;
    detach(this.run(), this.parts.failed);
  };

  private async run(): Promise<void> {
    try {
      for (let row = await this.next(); row; row = await this.next()) await this.take(...row);
    } finally {
      this.isRunning = false;
    }
  }

  private next(): Promise<readonly [string, Uint8Array] | undefined> {
    const { guard, store, instance } = this.parts;
    return guard(async () => {
      for (const row of await store.sessions.signalRange(instance, historyPrefix))
        if (!this.failed.has(row[0])) return row;
      return undefined;
    });
  }

  private async take(key: string, value: Uint8Array): Promise<void> {
    const { instance, guard, options, failed } = this.parts;
    const notification = proto.Message.HistorySyncNotification.decode(value);
    const done = { to: 'signal', instance, key, value: null } as const;
    try {
      const data = { ...this.about(notification), ...(await this.stored(notification)) };
      await guard(() => options.recordEvents([{ type: 'history.synced', chat: null, data }], [done]));
    } catch (error) {
      this.failed.add(key);
      failed(error);
      // What is gone or broken stays so; a failure of ours (the store, the connection) is tried again.
      if (!(error instanceof AppError)) await guard(() => options.recordEvents([], [done]));
    }
  }

  private about({
    syncType,
    progress,
  }: Notification): Pick<EventData['history.synced'], 'kind' | 'progress'> {
    return { kind: historyKinds.get(syncType as number as 0) ?? 'recent', progress: progress ?? null };
  }

  private async stored(notification: Notification): Promise<Counts> {
    const counts = { chats: 0, contacts: 0, messages: 0 };
    let names: proto.IPushname[] = [];
    let pairs: LIDMapping[] = [];
    for await (const { field, bytes } of historyFields(await this.open(notification))) {
      if (field === fields.conversations) {
        counts.messages += await this.conversation(bytes);
        counts.chats += 1;
      }
      if (field === fields.pushNames) names.push(proto.Pushname.decode(bytes));
      if (field === fields.mappings) pairs.push(pairOf(bytes));
      if (names.length + pairs.length < historyPartMessages) continue;
      counts.contacts += await this.named(pairs, names);
      names = [];
      pairs = [];
    }
    counts.contacts += await this.named(pairs, names);
    return counts;
  }

  /** Answers how many contacts there were. */
  private async named(pairs: readonly LIDMapping[], names: readonly proto.IPushname[]): Promise<number> {
    const { guard, inbound, party } = this.parts;
    const known = pairs.filter(({ lid, pn }) => lid && pn);
    if (known.length > 0) await guard(() => inbound.lids.storeLIDPNMappings(known));
    const contacts: Contacts[number][] = [];
    for (const { id, pushname } of names)
      if (id && pushname)
        contacts.push({ party: await guard(() => party(id)), names: { pushName: pushname } });
    if (contacts.length > 0) await this.record({ chats: [], contacts });
    return contacts.length;
  }

  private record(part: HistoryPart): Promise<number> {
    const { guard, options } = this.parts;
    return guard(() => options.recordHistory(part));
  }

  /** Answers how many messages were stored. */
  private async conversation(bytes: Uint8Array): Promise<number> {
    const { inbound, guard } = this.parts;
    const { head, messages } = conversationOf(bytes);
    if (!head.id) return 0;
    const other = head.pnJid ?? head.lidJid ?? head.accountLid ?? null;
    const party = await guard(() => resolvedParty(inbound.lids, head.id ?? '', other));
    const { lid, pn } = party;
    if (lid && pn) await guard(() => inbound.lids.storeLIDPNMappings([{ lid, pn }]));
    const names = namesOf(head);
    const chat: Omit<HistoryChat, 'messages'> = { party, state: stateOf(head) };
    let count = await this.record({
      chats: [{ ...chat, messages: [] }],
      contacts: names ? [{ party, names }] : [],
    });
    for (let at = 0; at < messages.length; at += historyPartMessages) {
      const part: HistoryMessage[] = [];
      for (const [index, one] of messages.slice(at, at + historyPartMessages).entries()) {
        const found = await messageOf(inbound, one, party, messages.length - at - index);
        if (found) part.push(found);
      }
      count += await this.record({ chats: [{ ...chat, messages: part }], contacts: [] });
      await yieldTurn();
    }
    return count;
  }

  /** The chunk, inflated, as it comes. */
  private async open(notification: Notification): Promise<AsyncIterable<Uint8Array>> {
    const { initialHistBootstrapInlinePayload: inline } = notification;
    const inflate = createInflate();
    if (inline?.length) return inflated(Readable.from([inline]), inflate);
    const path = await this.fetch(notification);
    const { iv, key } = keysOf(notification.mediaKey);
    const sealedBytes = (await stat(path)).size - macBytes;
    const file = createReadStream(path, { end: sealedBytes - 1 });
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return removing(path, inflated(file, decipher, inflate));
  }

  /** The path of the encrypted file, whole. */
  private async fetch({ directPath, fileEncSha256 }: Notification): Promise<string> {
    const { sock, options } = this.parts;
    if (!directPath?.startsWith('/')) throw new Error('a history chunk without a place');
    const { hosts } = await sock.refreshMediaConn(false);
    const host = hosts[0]?.hostname ?? defaultMediaHost;
    const { dataDir, proxyUrl } = options;
    const found = await download({ host, directPath, dataDir, proxyUrl, maxBytes: historyChunkBytesMax });
    if ('status' in found) throw new Error(`a history chunk is gone: ${found.status}`);
    const path = join(requestsDir(dataDir), found.id);
    const hash = createHash('sha256');
    for await (const part of createReadStream(path)) hash.update(part);
    if (fileEncSha256?.length && hash.digest().equals(fileEncSha256)) return path;
    await rm(path, { force: true });
    throw new Error('a history chunk is not what the phone sent');
  }
}

function pairOf(bytes: Uint8Array): LIDMapping {
  const { lidJid, pnJid } = proto.PhoneNumberToLIDMapping.decode(bytes);
  return { lid: lidJid ?? '', pn: pnJid ?? '' };
}

function keysOf(mediaKey: Uint8Array | null | undefined): { iv: Buffer; key: Buffer } {
  const info = 'WhatsApp History Keys';
  const keys = Buffer.from(hkdfSync('sha256', mediaKey ?? new Uint8Array(0), Buffer.alloc(0), info, 48));
  return { iv: keys.subarray(0, 16), key: keys.subarray(16) };
}

/** A failure of any of them ends the last one, whose reader hears of it. */
const inflated = (...streams: [Readable, ...Duplex[]]): AsyncIterable<Uint8Array> =>
  pipeline(streams, () => undefined) as unknown as AsyncIterable<Uint8Array>;

async function* removing(path: string, parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* parts;
  } finally {
    await rm(path, { force: true });
  }
}

/** Once the connection is open, for what an earlier one left, and whenever the phone announced a chunk. */
export function subscribeHistory(parts: CapabilityParts): void {
  const sync = new HistorySync(parts);
  parts.sock.ev.on('connection.update', ({ connection }) => {
    if (connection === 'open') sync.start();
  });
  parts.sock.ev.on('messages.upsert', ({ messages }) => {
    if (messages.some(({ message }) => message?.protocolMessage?.historySyncNotification)) sync.start();
  });
}
