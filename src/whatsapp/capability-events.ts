/** Subscribes what each capability listens to. Called once per socket by `capabilities.ts`. */
import { subscribeBlocklist } from './blocklist-events.ts';
import { subscribeCalls } from './call-events.ts';
import type { CapabilityParts } from './capability-parts.ts';
import { subscribeChats } from './chat-events.ts';
import { subscribeContacts } from './contact-events.ts';
import { subscribeHistory } from './history.ts';
import { subscribeLabels } from './label-events.ts';
import { subscribeMessages } from './message-events.ts';
import { subscribePresences } from './presence-events.ts';

export function subscribeCapabilities(parts: CapabilityParts): void {
  subscribeBlocklist(parts);
  subscribeCalls(parts);
  subscribeChats(parts);
  subscribeContacts(parts);
  subscribeHistory(parts);
  subscribeLabels(parts);
  subscribeMessages(parts);
  subscribePresences(parts);
}
