/** Instances as they are made, changed and shown. */
import { z } from '@hono/zod-openapi';
import { instanceIdMaxChars, metadataMaxBytes, qrWaitMsMax } from '../../limits.ts';
import { defaultInstanceSettings, type InstanceSettings, instanceStates } from '../../protocol/instance.ts';
import { addressMaxChars, searchMaxChars, sendDelayMsMax } from '../limits.ts';
import { isoTime, orNull, pageCursor, pageLimit, pageOf, queryBoolean, queryInt } from './common.ts';
import { webhookInput, webhookSchema } from './webhook.ts';

export const instanceId = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'takes letters, digits, _ and -')
  .max(instanceIdMaxChars)
  .openapi({ example: 'sales-1' });

const delay = z.int().min(0).max(sendDelayMsMax);

const settingsShape = {
  rejectCalls: z.boolean(),
  rejectCallMessage: z.string().max(1_024).nullable(),
  alwaysOnline: z.boolean(),
  readMessages: z.boolean(),
  ignoreGroups: z.boolean(),
  ignoreStatus: z.boolean(),
  ignoreNewsletters: z.boolean(),
  syncHistory: z.boolean(),
  storeMessages: z.boolean(),
  sendDelayMsMin: delay,
  sendDelayMsMax: delay,
};

const settingsInput = z
  .strictObject(settingsShape)
  .partial()
  .refine(
    ({ sendDelayMsMin = 0, sendDelayMsMax: max }) => max === undefined || sendDelayMsMin <= max,
    'sendDelayMsMin may not be above sendDelayMsMax',
  )
  // JSON has no undefined: a member is there or it is not.
  .transform((settings) => settings as Partial<InstanceSettings>)
  .openapi('InstanceSettingsInput', { example: { ...defaultInstanceSettings } });

const isProxyUrl = (text: string): boolean =>
  URL.canParse(text) && /^(?:https?|socks[45]?h?):$/.test(new URL(text).protocol);

const proxyInput = z.strictObject({
  url: z.string().max(2_048).refine(isProxyUrl, 'takes an http, https, socks4 or socks5 URL'),
});

const fitsMetadata = (value: unknown): boolean =>
  Buffer.byteLength(JSON.stringify(value)) <= metadataMaxBytes;

const metadata = z
  .record(z.string(), z.unknown())
  .refine(fitsMetadata, `takes at most ${metadataMaxBytes} bytes as JSON`);

const changeable = {
  webhook: orNull(webhookInput).optional(),
  settings: settingsInput.optional(),
  proxy: proxyInput.nullable().optional(),
  metadata: metadata.optional(),
};

/** An absent body means an instance with nothing but defaults. */
export const instanceInput = z
  .strictObject({ id: instanceId.optional(), ...changeable, connect: z.boolean().default(true) })
  .prefault({})
  .openapi('InstanceInput', {
    example: {
      id: 'sales-2',
      webhook: { url: 'https://hooks.example/elenco', events: ['message.received'] },
    },
  });

export const instancePatch = z
  .strictObject(changeable)
  .openapi('InstancePatch', { example: { settings: { rejectCalls: true }, metadata: { team: 'sales' } } });

const me = z.object({
  jid: z.string(),
  pn: z.string().nullable(),
  lid: z.string().nullable(),
  name: z.string().nullable(),
});

export const instanceSchema = z
  .object({
    id: z.string(),
    state: z.enum(instanceStates),
    stateSince: isoTime,
    me: me.nullable(),
    shard: z.int(),
    lastError: z.object({ code: z.string(), message: z.string(), at: isoTime }).nullable(),
    reconnects: z.int(),
    lastInboundAt: isoTime.nullable(),
    lastOutboundAt: isoTime.nullable(),
    createdAt: isoTime,
    webhook: orNull(webhookSchema),
    settings: z.object(settingsShape),
    proxy: z.object({ url: z.string() }).nullable(),
    metadata: z.record(z.string(), z.unknown()),
  })
  .openapi('Instance');

const secretOnce = z
  .string()
  .nullable()
  .openapi({ description: 'Shown here only; null when none was made.' });

/** `token` is shown in this answer only; so is the secret of a webhook that was set. */
export const createdInstance = instanceSchema
  .extend({ token: z.string().nullable(), webhookSecret: secretOnce })
  .openapi('CreatedInstance');

export const patchedInstance = instanceSchema
  .extend({ webhookSecret: secretOnce })
  .openapi('PatchedInstance');

export const instancePage = pageOf(instanceSchema).openapi('InstancePage');

export const instanceListQuery = z.object({
  state: z.enum(instanceStates).optional(),
  q: z.string().max(searchMaxChars).optional(),
  limit: pageLimit,
  cursor: pageCursor,
});

export const deleteQuery = z.object({ logout: queryBoolean });

export const qrQuery = z.object({ wait: queryInt(0, qrWaitMsMax / 1_000, 0) });
export const qrSchema = z.object({ qr: z.string(), expiresAt: isoTime }).openapi('Qr');
export const pairingInput = z.strictObject({
  phone: z.string().min(5).max(addressMaxChars).openapi({ example: '+55 11 98888-7777' }),
});
export const pairingSchema = z.object({ code: z.string(), expiresAt: isoTime }).openapi('PairingCode');
export const tokenSchema = z.object({ token: z.string().nullable() }).openapi('Token');
export const moveInput = z.strictObject({ shard: z.int().min(0).max(63) });
