/** Entry of the webhook thread. Everything is in src/webhook; nothing here may grow. */
import type { WebhookBoot, WebhookCommand, WebhookFact, WebhookReplies } from '../src/protocol/webhook.ts';
import { storeIdentity } from '../src/store/identity.ts';
import { openStore } from '../src/store/lmdb/open.ts';
import { runGuest } from '../src/thread/guest.ts';
import { WebhookActor } from '../src/webhook/actor.ts';

const commandsAtOnce = 32;

runGuest<WebhookBoot, WebhookCommand, WebhookReplies[WebhookCommand['kind']], WebhookFact>(
  async (boot, guest) => {
    const { clock, log } = guest;
    const { dataDir: dir, durability } = boot.config;
    const identity = storeIdentity(boot.config);
    const store = await openStore({ dir, identity, durability, isOwner: false, clock });
    const tell = (fact: WebhookFact): void => void guest.tell(fact);
    return new WebhookActor({ boot, store, clock, log, tell, ownsStore: true });
  },
  { concurrency: commandsAtOnce },
);
