/**
 * The read ports of instances, sessions, messages and idempotency over LMDB. A key that is not found is
 * looked up again in a fresh snapshot, and what is read once at a hand-over (creds, configuration) always
 * is: another thread may just have written it. A failing read throws `AppError('store_failed')`.
 */
import type { InstanceConfig, InstanceStatus, WebhookConfig } from '../../protocol/instance.ts';
import { ownBytes, plainBytes, unpack } from '../codec.ts';
import type { IdempotencyStore, InstanceStore, MessageStore, SessionStore } from '../ports.ts';
import { type Bytes, type Environment, refresh } from './databases.ts';
import { reading } from './failures.ts';
import { keyOf } from './keys.ts';
import {
  globalWebhookKey,
  idempotencyKey,
  readIdempotency,
  sentKey,
  settingKey,
  signalKey,
} from './layout.ts';
import { below, entriesIn } from './range.ts';
import { sentRecord } from './sent-layout.ts';

const all = Number.MAX_SAFE_INTEGER;

/** The value in the thread's snapshot, or else in a fresh one. */
export function look(env: Environment, db: Bytes, key: Uint8Array): Uint8Array | undefined {
  const found = db.get(key);
  if (found !== undefined) return plainBytes(found);
  refresh(env);
  const fresh = db.get(key);
  return fresh && plainBytes(fresh);
}

/** The value as of now, whoever wrote it. */
function lookFresh(env: Environment, db: Bytes, key: Uint8Array): Uint8Array | undefined {
  refresh(env);
  const found = db.get(key);
  return found && plainBytes(found);
}

export function instanceReads(env: Environment): InstanceStore {
  const { configs, statuses, meta } = env.db;
  const unpacked = (bytes: Uint8Array | undefined): unknown => bytes && unpack(bytes);
  return {
    configs: () =>
      reading('configs', () => {
        refresh(env);
        return [...configs.getRange()].map(({ value }) => unpack(value) as InstanceConfig);
      }),
    status: (id) =>
      reading('status', () => unpacked(lookFresh(env, statuses, keyOf(id))) as InstanceStatus | undefined),
    globalWebhook: () =>
      reading('globalWebhook', () => {
        const found = unpacked(lookFresh(env, meta, globalWebhookKey));
        return (found as WebhookConfig | undefined) ?? null;
      }),
    setting: (key) => reading('setting', () => unpacked(lookFresh(env, meta, settingKey(key)))),
  };
}

export function sessionReads(env: Environment): SessionStore {
  const { creds, signal, devices } = env.db;
  return {
    creds: (instance) => reading('creds', () => lookFresh(env, creds, keyOf(instance))),
    signal: (instance, key) => reading('signal', () => look(env, signal, signalKey(instance, key))),
    device: (instance, key) => reading('device', () => look(env, devices, signalKey(instance, key))),
    signalRange: (instance, prefix) =>
      reading('signalRange', () => {
        refresh(env);
        const head = keyOf(instance);
        const start = Buffer.concat([head, Buffer.from(prefix)]);
        return entriesIn(signal, below(start, all)).map(({ key, value }) => {
          const name = Buffer.from(key.buffer, key.byteOffset + head.length, key.length - head.length - 1);
          return [name.toString(), ownBytes(value)] as const;
        });
      }),
  };
}

export function messageReads(env: Environment): MessageStore {
  const { queued } = env.db;
  return {
    sent: (instance, id) =>
      reading('sent', () => {
        const key = sentKey(instance, id);
        const found = sentRecord(env, key);
        if (found) return found;
        refresh(env);
        return sentRecord(env, key);
      }),
    queued: (instance, limit) =>
      reading('queued', () => {
        refresh(env);
        const rows = entriesIn(queued, below(keyOf(instance), all));
        const byAge = rows.map(({ key, value }) => ({ key, at: unpack(value) as number }));
        byAge.sort((a, b) => a.at - b.at);
        const records = byAge.slice(0, limit).map(({ key }) => sentRecord(env, key));
        return records.filter((record) => record !== undefined);
      }),
  };
}

export function idempotencyReads(env: Environment): IdempotencyStore {
  return {
    find: (scope, key) =>
      reading('idempotency', () => {
        const found = lookFresh(env, env.db.idempotency, idempotencyKey(scope, key));
        return found && readIdempotency(found);
      }),
  };
}
