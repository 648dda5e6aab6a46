/** A webhook's stored configuration from what the API was given: secrets made, kept and rotated. Pure. */
import { randomBytes } from 'node:crypto';
import type { WebhookInput } from '../protocol/commands.ts';
import type { WebhookConfig } from '../protocol/instance.ts';

/** A replaced secret signs for this long beside the new one (DECISIONS 25). */
export const previousSecretTtlMs = 24 * 3_600_000;

/** `secret` is the new secret where one was made or set, to be shown once; null where the old one stays. */
export function webhookConfig(
  input: WebhookInput,
  before: WebhookConfig | null,
  nowMs: number,
): { webhook: WebhookConfig; secret: string | null } {
  const secret = input.secret ?? before?.secret ?? `whsec_${randomBytes(32).toString('base64')}`;
  const isNew = secret !== before?.secret;
  const isRotated = before !== null && isNew;
  return {
    webhook: {
      url: input.url,
      events: input.events ?? before?.events ?? ['*'],
      headers: input.headers ?? before?.headers ?? {},
      ordered: input.ordered ?? before?.ordered ?? true,
      enabled: input.enabled ?? before?.enabled ?? true,
      secret,
      previousSecret: isRotated ? before.secret : (before?.previousSecret ?? null),
      previousSecretUntil: isRotated ? nowMs + previousSecretTtlMs : (before?.previousSecretUntil ?? null),
    },
    secret: isNew ? secret : null,
  };
}
