/**
 * Opens the embedded store. The main thread opens it first, as owner (folder lock, identity, format, left
 * over erasures); then every worker opens it for itself. Only this folder imports lmdb. Writes are async
 * batches and nothing else: a thread killed inside a synchronous write wedges the process (DECISIONS 2).
 */
import type { Clock } from '../../clock.ts';
import { iso } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import type { MessagesGone } from '../conversation-ports.ts';
import type { Store, StoreIdentity, StoreWrite } from '../ports.ts';
import { keepAllMessages, type MessageRetention } from '../retention.ts';
import { eraseChat, eraseMessages, moveChat, resumeChatErasures } from './conversation-erase.ts';
import { ConversationExpiry } from './conversation-expiry.ts';
import { conversationReads } from './conversation-reads.ts';
import { type Environment, openEnvironment, writeRows } from './databases.ts';
import { DiskGuard } from './disk-guard.ts';
import { eraseInstance, eraseSession, resumeErasures } from './erase.ts';
import { Expiry } from './expire.ts';
import { ignoreStrayCommitFailures, storeFailure, writing } from './failures.ts';
import { claimIdentity } from './identity.ts';
import { outboxReads } from './outbox-reads.ts';
import { lockFolder, type OwnerLock } from './owner-lock.ts';
import { idempotencyReads, instanceReads, messageReads, sessionReads } from './reads.ts';
import { rowsOf } from './rows.ts';

export interface OpenOptions {
  readonly dir: string;
  readonly identity: StoreIdentity;
  /** `disk`: `commit` also waits until the file is synced. */
  readonly durability: 'process' | 'disk';
  /** Writes are refused while the disk has less room than this. */
  readonly diskReserveBytes?: number;
  /** 64 hex digits; null or absent: values are stored as they are. */
  readonly dataKey?: string | null;
  /** True in the main thread only, which opens first and closes last. */
  readonly isOwner: boolean;
  /** Read by the owner only, which expires. Absent: 24 hours. */
  readonly eventsRetentionMs?: number;
  /** Read by the owner only, which expires. Absent: messages are kept. */
  readonly retention?: MessageRetention;
  readonly messagesGone?: MessagesGone | undefined;
  readonly clock: Clock;
}

const flushLimitMs = 10_000;
const closeFlushLimitMs = 2_000;

/** False when the disk has not taken it in time; after a failed commit lmdb-js may never say so. */
async function flushed(env: Environment, clock: Clock, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = clock.after(limitMs, () => resolve(false), 'foreground');
  const isFlushed = await Promise.race([env.root.flushed.then(() => true), late]);
  timer.cancel();
  return isFlushed;
}

function storeOver(env: Environment, options: OpenOptions, lock: OwnerLock | null): Store {
  const { clock, durability } = options;
  const expiry = new Expiry(env, options.eventsRetentionMs);
  const messages = new ConversationExpiry(env, options.retention ?? keepAllMessages);
  const disk = new DiskGuard(options.dir, options.diskReserveBytes ?? 0, clock);
  let closing: Promise<void> | undefined;
  const write = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    writing(what, clock, () => {
      if (closing) throw new AppError('store_failed', `${what}: the store is closed`);
      return work();
    });
  const onDisk = async (): Promise<void> => {
    if (!(await flushed(env, clock, flushLimitMs)))
      throw new AppError('store_failed', `commit: not synced to disk within ${flushLimitMs} ms`);
  };
  const settled = (work: Promise<void>): Promise<void> => (durability === 'disk' ? work.then(onDisk) : work);
  const close = async (): Promise<void> => {
    // lmdb-js would wait for ever for a flush that a failed commit has left behind: the process ends it.
    if (await flushed(env, clock, closeFlushLimitMs)) await env.root.close();
    lock?.release();
  };
  return {
    instances: instanceReads(env),
    sessions: sessionReads(env),
    outbox: outboxReads(env),
    messages: messageReads(env),
    conversations: conversationReads(env),
    idempotency: idempotencyReads(env),
    commit: (writes: readonly StoreWrite[]) =>
      write('commit', () => {
        disk.admit(writes);
        return settled(writeRows(env, writes.flatMap(rowsOf)));
      }),
    eraseInstance: (id) => write('eraseInstance', () => settled(eraseInstance(env, id))),
    eraseSession: (id) => write('eraseSession', () => settled(eraseSession(env, id))),
    eraseMessages: (instance, chatId, which) =>
      write('eraseMessages', () => settled(eraseMessages(env, instance, chatId, which, clock.now()))),
    eraseChat: (instance, chatId, { alongside = [], ...how } = {}) =>
      write('eraseChat', () => {
        const rows = alongside.flatMap(rowsOf);
        return settled(eraseChat(env, instance, chatId, { ...how, alongside: rows }, clock.now()));
      }),
    moveChat: (instance, from, to) => write('moveChat', () => settled(moveChat(env, instance, from, to))),
    expire: (nowMs) => write('expire', async () => (await expiry.run(nowMs)) + (await messages.run(nowMs))),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function prepare(env: Environment, { identity, isOwner, clock }: OpenOptions): Promise<void> {
  await claimIdentity(env, identity, isOwner);
  if (!isOwner) return;
  await resumeErasures(env);
  await resumeChatErasures(env, clock.now());
}

/**
 * Throws `ConfigError` when the folder is taken by another process, was made for another WhatsApp server or
 * has a newer format; `AppError('store_failed')` when it cannot be read.
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const lock = options.isOwner ? lockFolder(options.dir, iso(options.clock.now())) : null;
  ignoreStrayCommitFailures();
  let env: Environment | undefined;
  try {
    const { messagesGone } = options;
    env = {
      ...openEnvironment(options.dir, options.dataKey ?? null),
      ...(messagesGone ? { messagesGone } : {}),
    };
    await prepare(env, options);
    return storeOver(env, options, lock);
  } catch (error) {
    await env?.root.close();
    lock?.release();
    throw error instanceof Error && error.name === 'ConfigError' ? error : storeFailure('opening', error);
  }
}
