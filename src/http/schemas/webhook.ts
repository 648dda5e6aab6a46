/** Webhooks as they are set, shown and reported on. */
import { z } from '@hono/zod-openapi';
import { webhookHeadersMax, webhookUrlMaxChars } from '../../limits.ts';
import { eventTypes } from '../../protocol/events.ts';
import { deliveryStatuses } from '../../protocol/webhook.ts';
import { deliveriesLimitMax } from '../limits.ts';
import { isoTime, pageOf, queryInt } from './common.ts';

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** `whsec_` and 24 to 64 bytes in base64 (DECISIONS 25). */
function isSecret(text: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  const bytes = encoded === undefined ? 0 : Buffer.from(encoded, 'base64').length;
  return encoded !== undefined && encoded.length % 4 === 0 && bytes >= 24 && bytes <= 64;
}

const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/, 'takes a header name'),
    z
      .string()
      .max(1_024)
      .regex(/^[\x20-\x7e]*$/, 'takes visible ASCII'),
  )
  .refine(
    (value) => Object.keys(value).length <= webhookHeadersMax,
    `takes at most ${webhookHeadersMax} headers`,
  );

export const eventFilter = z.enum(['*', ...eventTypes]);

export const webhookInput = z
  .strictObject({
    url: z.string().max(webhookUrlMaxChars).refine(isHttpUrl, 'takes an http:// or https:// URL'),
    events: z.array(eventFilter).min(1).optional(),
    secret: z.string().refine(isSecret, 'takes whsec_ and base64 of 24 to 64 bytes').optional(),
    headers: headers.optional(),
    ordered: z.boolean().optional(),
    enabled: z.boolean().optional(),
  })
  .openapi('WebhookInput', { example: { url: 'https://hooks.example/elenco', events: ['*'] } });

export const webhookSchema = z
  .object({
    url: z.string(),
    events: z.array(z.string()),
    headers: z.record(z.string(), z.string()),
    ordered: z.boolean(),
    enabled: z.boolean(),
  })
  .openapi('Webhook');

/** The answer that set the webhook: the secret is shown here only. */
export const webhookShownOnce = webhookSchema
  .extend({ secret: z.string().nullable() })
  .openapi('WebhookWithSecret');

export const webhookTestSchema = z
  .object({
    delivered: z.boolean(),
    httpStatus: z.int().nullable(),
    tookMs: z.number(),
    body: z.string().nullable(),
    error: z.string().nullable(),
  })
  .openapi('WebhookTest');

export const deliverySchema = z
  .object({
    eventId: z.string(),
    type: z.string(),
    instance: z.string(),
    attempt: z.int(),
    at: isoTime,
    tookMs: z.number(),
    httpStatus: z.int().nullable(),
    result: z.enum(deliveryStatuses),
    error: z.string().nullable(),
    nextAt: isoTime.nullable(),
  })
  .openapi('Delivery');

export const deliveryPage = pageOf(deliverySchema).openapi('DeliveryPage');

export const deliveryQuery = z.object({
  status: z.enum(deliveryStatuses).optional(),
  limit: queryInt(1, deliveriesLimitMax, 50),
});
