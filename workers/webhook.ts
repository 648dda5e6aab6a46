/** Entry of the webhook thread. Everything is in src/webhook; nothing here may grow. */
import type { WebhookBoot, WebhookCommand, WebhookFact, WebhookReplies } from '../src/protocol/webhook.ts';
import { storeOptions } from '../src/store/identity.ts';
import { openStore } from '../src/store/lmdb/open.ts';
import { runGuest } from '../src/thread/guest.ts';
import { WebhookActor } from '../src/webhook/actor.ts';

const commandsAtOnce = 32;

runGuest<WebhookBoot, WebhookCommand, WebhookReplies[WebhookCommand['kind']], WebhookFact>(
  async (boot, guest) => {
    const { clock, log } = guest;
    const store = await openStore({ ...storeOptions(boot.config), isOwner: false, clock });
    const tell = (fact: WebhookFact): void => void guest.tell(fact);
    return new WebhookActor({ boot, store, clock, log, tell, ownsStore: true });
  },
  { concurrency: commandsAtOnce },
);
