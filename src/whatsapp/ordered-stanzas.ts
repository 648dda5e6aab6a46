/**
 * Lets Baileys handle message stanzas one after the other, in the order of their arrival. By itself it looks
 * mappings up before it takes its mutex, so that a later message overtakes one whose sender is just being
 * learnt; and what it finds offline goes into a queue that live messages overtake. Called by `connection.ts`
 * after the socket was made; adds no stanza, and drops only what a closed socket leaves to be sent again.
 */
import type { EventEmitter } from 'node:events';
import { detach } from '../detach.ts';

export interface Stanza {
  readonly attrs: Record<string, string>;
}
type Listener = (stanza: Stanza) => unknown;

/** Baileys looks at once whether a stanza is offline, and again when it is told: it is hidden in between. */
function handle(original: Listener, stanza: Stanza, isOpen: () => boolean): unknown {
  const { attrs } = stanza;
  const { offline } = attrs;
  if (offline === undefined) return original(stanza);
  if (!isOpen()) return undefined;
  delete attrs['offline'];
  try {
    return original(stanza);
  } finally {
    attrs['offline'] = offline;
  }
}

/** Replaces the listeners of `event` by ones that wait for each other. */
export function handleInOrder(
  emitter: Pick<EventEmitter, 'listeners' | 'off' | 'on'>,
  event: string,
  isOpen: () => boolean,
  onError: (error: unknown) => void,
): void {
  let tail: Promise<unknown> = Promise.resolve();
  for (const original of emitter.listeners(event) as Listener[]) {
    emitter.off(event, original);
    emitter.on(event, (stanza: Stanza) => {
      tail = tail.then(() => handle(original, stanza, isOpen)).catch(onError);
      detach(tail, onError);
    });
  }
}
