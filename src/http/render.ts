/**
 * What leaves the gateway: the API's shapes from the internal views. Times become ISO 8601; the proxy loses
 * its password and the webhook its secrets here and nowhere else. Used by the routes.
 */
import { iso, isoOrNull } from '../clock.ts';
import type { InstanceView } from '../protocol/commands.ts';
import type { InstanceConfig, WebhookConfig } from '../protocol/instance.ts';
import type { MessageView } from '../protocol/message.ts';
import type { DeadLetter, DeliveryView } from '../protocol/webhook.ts';

export const renderWebhook = ({ url, events, headers, ordered, enabled }: WebhookConfig) => ({
  url,
  events,
  headers,
  ordered,
  enabled,
});

function renderProxy(proxy: InstanceConfig['proxy']): { url: string } | null {
  if (proxy === null) return null;
  if (!URL.canParse(proxy.url)) return { url: '' };
  const url = new URL(proxy.url);
  url.password = '';
  return { url: url.href };
}

export function renderInstance({ config, status }: InstanceView) {
  const { lastError } = status;
  return {
    id: config.id,
    state: status.state,
    stateSince: iso(status.stateSince),
    me: status.me,
    shard: config.shard,
    lastError: lastError && { code: lastError.code, message: lastError.message, at: iso(lastError.at) },
    reconnects: status.reconnects,
    lastInboundAt: isoOrNull(status.lastInboundAt),
    lastOutboundAt: isoOrNull(status.lastOutboundAt),
    createdAt: iso(config.createdAt),
    webhook: config.webhook && renderWebhook(config.webhook),
    settings: config.settings,
    proxy: renderProxy(config.proxy),
    metadata: config.metadata,
  };
}

export const renderMessage = (message: MessageView) => ({
  id: message.id,
  instance: message.instance,
  chat: message.chat,
  from: message.from,
  to: message.to,
  fromMe: message.fromMe,
  type: message.type,
  text: message.text,
  media: message.media,
  quote: message.quote,
  timestamp: iso(message.timestamp),
  status: message.status,
  statusAt: iso(message.statusAt),
  error: message.error,
});

/** The sequence is the store's; events are named by their id. */
export const renderDeadLetter = ({ seq: _, ...letter }: DeadLetter) => ({
  ...letter,
  at: iso(letter.at),
  deadAt: iso(letter.deadAt),
});

export const renderDelivery = (delivery: DeliveryView) => ({
  ...delivery,
  at: iso(delivery.at),
  nextAt: isoOrNull(delivery.nextAt),
});
