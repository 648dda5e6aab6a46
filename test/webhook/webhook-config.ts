/** A webhook configuration for tests and their child processes (no vitest here). */
import type { WebhookConfig } from '../../src/protocol/instance.ts';

export const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export const webhookTo = (url: string, more: Partial<WebhookConfig> = {}): WebhookConfig => ({
  url,
  events: ['*'],
  headers: {},
  ordered: true,
  enabled: true,
  secret,
  previousSecret: null,
  previousSecretUntil: null,
  ...more,
});
