/**
 * What came of a fault run: the sandbox's ground truth against what the webhook endpoint and the clients got
 * (DECISIONS 31). Counts go to the report; anything in `broken` fails the run.
 */
import type { Ground } from './ground.ts';
import type { Traffic } from './traffic.ts';

export interface Verdict {
  readonly figures: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

/** Every message of a contact is settled, and the endpoint has an event for each. */
export async function settle(ground: Ground, traffic: Traffic): Promise<void> {
  await traffic.stop();
  const isQueued = (): boolean =>
    ground.sandbox
      .ledger({ direction: 'toAccount', kind: 'message' })
      .some(({ state }) => state === 'queued' || state === 'sent');
  await ground.until(() => !isQueued(), 'the sandbox has nothing left to deliver');
  const seen = (): Set<string> =>
    new Set(ground.hook.of('message.received').map(({ data }) => data.id as string));
  await ground
    .until(() => {
      const ids = seen();
      return traffic.written.every(({ id }) => ids.has(id));
    }, 'an event for every message')
    .catch(() => undefined);
}

export function judge(ground: Ground, traffic: Traffic, corrupted = 0): Verdict {
  const broken: string[] = [...traffic.failures.map((failure) => `traffic: ${failure}`)];
  const inbound = inboundFigures(ground, traffic, broken);
  const outbound = outboundFigures(ground, traffic, broken);
  const { decryptFailures, retriesIn, redelivered } = ground.sandbox.stats().total;
  const allowed = corrupted + Math.ceil(traffic.written.length / 100);
  if (decryptFailures + retriesIn > allowed)
    broken.push(
      `storm: ${decryptFailures} decrypt failures and ${retriesIn} retry receipts, ${allowed} allowed`,
    );
  return {
    figures: { ...inbound, ...outbound, decryptFailures, retryReceipts: retriesIn, redelivered },
    broken,
  };
}

function inboundFigures(ground: Ground, traffic: Traffic, broken: string[]): Record<string, number> {
  const events = ground.hook.of('message.received');
  const idsByMessage = new Map<string, Set<string>>();
  for (const { id, instance, data } of events) {
    const key = `${instance} ${data.id}`;
    idsByMessage.set(key, (idsByMessage.get(key) ?? new Set()).add(id));
  }
  const lost = traffic.written.filter(({ instance, id }) => !idsByMessage.has(`${instance} ${id}`));
  const unstable = [...idsByMessage].filter(([, ids]) => ids.size > 1);
  if (lost.length > 0) broken.push(`${lost.length} inbound messages lost, first ${JSON.stringify(lost[0])}`);
  if (unstable.length > 0)
    broken.push(`${unstable.length} messages with several event ids, first ${unstable[0]?.[0]}`);
  return {
    written: traffic.written.length,
    inboundLost: lost.length,
    webhookDeliveries: events.length,
    webhookRepeats: events.length - new Set(events.map(({ id }) => id)).size,
    severalEventIds: unstable.length,
  };
}

function outboundFigures(ground: Ground, traffic: Traffic, broken: string[]): Record<string, number> {
  const accepted = ground.sandbox
    .ledger({ direction: 'fromAccount', kind: 'message' })
    .filter(({ state }) => state === 'accepted');
  const atContacts = new Set(accepted.map(({ id }) => id));
  const answered = traffic.sent.filter(({ status }) => status === 201);
  const refused = traffic.sent.length - answered.length;
  const missing = answered.filter(({ messageId }) => !atContacts.has(messageId ?? ''));
  const promised = new Set(answered.map(({ messageId }) => messageId));
  const twice = [...atContacts].filter((id) => !promised.has(id)).slice(ground.probes);
  if (refused > 0)
    broken.push(
      `${refused} sends refused, first ${JSON.stringify(traffic.sent.find(({ status }) => status !== 201))}`,
    );
  if (missing.length > 0) broken.push(`${missing.length} answered sends never reached the server`);
  if (twice.length > 0) broken.push(`${twice.length} messages at contacts that no answer names (sent twice)`);
  return {
    sends: traffic.sent.length,
    sendTries: traffic.sent.reduce((sum, { tries }) => sum + tries, 0),
    sendsMissing: missing.length,
    sendsTwice: twice.length,
    wireRepeats: accepted.length - atContacts.size,
  };
}
