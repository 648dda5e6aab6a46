/**
 * Our side: the shard actor in this thread over the embedded store, its ring drained by a thread of its own.
 * Everything that a running shard does for a message is done here: outbox, journal, events, dedupe, ring.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../src/clock.ts';
import { loadConfig } from '../src/config.ts';
import { newMessageId } from '../src/http/message-id.ts';
import { createLog } from '../src/log.ts';
import { createMetricRegistry } from '../src/monitoring/metrics.ts';
import { startThreadProbe } from '../src/monitoring/thread-metrics.ts';
import type { EventFrame } from '../src/protocol/events.ts';
import {
  defaultInstanceSettings,
  type InstanceConfig,
  type InstanceState,
} from '../src/protocol/instance.ts';
import { Shard } from '../src/shard/shard.ts';
import { encodeEventFrame } from '../src/store/event-frame.ts';
import { storeOptions } from '../src/store/identity.ts';
import { openStore } from '../src/store/lmdb/open.ts';
import { createRing, RingWriter } from '../src/thread/ring.ts';
import { createDoorbell, Doorbell } from '../src/thread/wake.ts';
import { openWaSocket } from '../src/whatsapp/connect.ts';
import { installWhatsapp } from '../src/whatsapp/install.ts';
import { type Side, until } from './operations-side.ts';

const ringBytes = 4 * 1_048_576;
const connectTimeoutMs = 30_000;

const configOf = (id: string): InstanceConfig => ({
  id,
  createdAt: Date.now(),
  shard: 0,
  tokenHash: '',
  settings: defaultInstanceSettings,
  webhook: {
    ...{ url: 'http://127.0.0.1:9/', events: ['*'], headers: {}, ordered: true, enabled: true },
    ...{
      secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
      previousSecret: null,
      previousSecretUntil: null,
    },
  },
  proxy: null,
  metadata: {},
});

const countOf = (frame: EventFrame): number =>
  frame.events.filter(({ event }) => event.type === 'message.received').length;

export async function ours(server: { url: string; rootKey: string }): Promise<Side> {
  const dir = mkdtempSync(join(tmpdir(), 'elenco-operations-'));
  const config = loadConfig({
    DATA_DIR: dir,
    WA_SOCKET_URL: server.url,
    WA_ROOT_KEY: server.rootKey,
    SHARDS: '1',
  });
  const clock = systemClock;
  const log = createLog('error');
  installWhatsapp({ rootKey: config.waRootKey });
  const store = await openStore({ ...storeOptions(config), isOwner: true, clock });
  const [ring, doorbell] = [createRing(ringBytes), createDoorbell()];
  const drain = new Worker(new URL('./operations-drain.ts', import.meta.url), {
    workerData: { ring, doorbell },
  });
  const writer = new RingWriter(ring, new Doorbell(doorbell));
  const states = new Map<string, InstanceState>();
  let received = 0;
  const registry = createMetricRegistry();
  const shard = new Shard({
    ...{
      registry,
      probe: startThreadProbe('shard-0', registry),
      shard: 0,
      config,
      store,
      clock,
      log,
      kept: null,
    },
    openSocket: (options) =>
      openWaSocket({
        ...options,
        ...{ socketUrl: config.waSocketUrl, connectTimeoutMs, dataDir: config.dataDir, kept: null },
        ...{ store, clock, log },
      }),
    pushFrame: (frame) => {
      received += countOf(frame);
      writer.push(encodeEventFrame(frame));
    },
    tell: (fact) => {
      if (fact.kind === 'InstanceChanged') states.set(fact.status.id, fact.status.state);
      return 'accepted';
    },
  });
  const untilOpen = (id: string): Promise<void> => until(() => states.get(id) === 'open', `${id} is open`);
  return {
    async pair(id) {
      await shard.receive({ kind: 'HostInstance', config: configOf(id), connect: true, isHeld: false });
      const shown = await shard.receive({ kind: 'GetQr', instance: id, waitMs: 30_000 });
      return (shown as { qr: string }).qr;
    },
    untilOpen,
    async disconnect(id) {
      await shard.receive({ kind: 'DisconnectInstance', instance: id });
      await until(() => states.get(id) === 'stopped', `${id} is stopped`);
    },
    async connect(id) {
      await shard.receive({ kind: 'ConnectInstance', instance: id });
      await untilOpen(id);
    },
    async send(id, to, text) {
      const content = { type: 'text', text, mentions: [] } as const;
      const message = {
        messageId: newMessageId(),
        to,
        content,
        quote: null,
        wait: 'server',
        timeoutMs: 25_000,
      } as const;
      await shard.receive({ kind: 'SendMessage', instance: id, ...message });
    },
    received: () => received,
    async stop() {
      await shard.stop();
      await store.close();
      await drain.terminate();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
