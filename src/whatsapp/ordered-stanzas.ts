/**
 * Lets Baileys handle message stanzas one after the other, in the order of their arrival. By itself it looks
 * mappings up before it takes its mutex, so that a later message overtakes one whose sender is just being
 * learnt. Called by `connection.ts` after the socket was made; adds no stanza and drops none.
 */
import type { EventEmitter } from 'node:events';
import { detach } from '../detach.ts';

type Listener = (stanza: unknown) => unknown;

/** Replaces the listeners of `event` by ones that wait for each other. */
export function handleInOrder(
  emitter: Pick<EventEmitter, 'listeners' | 'off' | 'on'>,
  event: string,
  onError: (error: unknown) => void,
): void {
  let tail: Promise<unknown> = Promise.resolve();
  for (const original of emitter.listeners(event) as Listener[]) {
    emitter.off(event, original);
    emitter.on(event, (stanza: unknown) => {
      tail = tail.then(() => original(stanza)).catch(onError);
      detach(tail, onError);
    });
  }
}
