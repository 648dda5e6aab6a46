/**
 * Puts a shard together inside its worker thread: the store, the WhatsApp room, the ring to the webhook
 * actor. Called by workers/shard.ts once per incarnation of the thread.
 */
import type { Behavior } from '../actor/behavior.ts';
import { connectPhaseTimeoutMs } from '../limits.ts';
import { errorFields } from '../log.ts';
import { forgetting, openKeptMedia } from '../media/kept.ts';
import { createMetricRegistry } from '../monitoring/metrics.ts';
import { startThreadProbe } from '../monitoring/thread-metrics.ts';
import type { EventFrame } from '../protocol/events.ts';
import type { ShardBoot, ShardCommand, ShardFact, ShardReplies } from '../protocol/shard.ts';
import { encodeEventFrame } from '../store/event-frame.ts';
import { storeOptions } from '../store/identity.ts';
import { openStore } from '../store/lmdb/open.ts';
import type { GuestContext } from '../thread/guest.ts';
import { RingWriter } from '../thread/ring.ts';
import { Doorbell } from '../thread/wake.ts';
import { openWaSocket } from '../whatsapp/connect.ts';
import { installWhatsapp } from '../whatsapp/install.ts';
import { Shard } from './shard.ts';

export async function createShard(
  boot: ShardBoot,
  guest: GuestContext<ShardFact>,
): Promise<Behavior<ShardCommand, ShardReplies[ShardCommand['kind']]>> {
  const { config, shard } = boot;
  const { clock, log } = guest;
  installWhatsapp({ rootKey: config.waRootKey });
  // Baileys lets go of promises; a stray rejection must not end the thread of all its neighbours.
  process.on('unhandledRejection', (error) => log.error({ error: errorFields(error) }, 'stray rejection'));
  const kept = openKeptMedia(config, clock);
  const messagesGone = forgetting(kept);
  const store = await openStore({ ...storeOptions(config), messagesGone, isOwner: false, clock });
  const ring = new RingWriter(boot.ring, new Doorbell(boot.doorbell));
  const registry = createMetricRegistry();
  const probe = startThreadProbe(guest.name, registry);
  const actor = new Shard({
    registry,
    probe,
    shard,
    config,
    store,
    clock,
    log,
    kept,
    openSocket: (options) =>
      openWaSocket({
        ...options,
        socketUrl: config.waSocketUrl,
        connectTimeoutMs: connectPhaseTimeoutMs,
        dataDir: config.dataDir,
        kept,
        store,
        clock,
        log,
      }),
    pushFrame: (frame: EventFrame) => void ring.push(encodeEventFrame(frame)),
    tell: (fact) => guest.tell(fact),
  });
  return {
    receive: (command) => actor.receive(command),
    stop: async () => {
      await actor.stop();
      probe.stop();
      await store.close();
    },
    stats: () => ({ instances: actor.size }),
  };
}
