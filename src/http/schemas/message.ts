/** Messages as they are sent and shown, and number checks. */
import { z } from '@hono/zod-openapi';
import {
  messageTextMaxChars,
  numbersPerCheckMax,
  sendTimeoutMsDefault,
  sendTimeoutMsMax,
  sendTimeoutMsMin,
} from '../../limits.ts';
import { type MediaKind, mediaKinds } from '../../protocol/media.ts';
import { messageStatuses, waitModes } from '../../protocol/message.ts';
import {
  captionMaxChars,
  contactEntriesMax,
  contactsMax,
  eventTextMaxChars,
  filenameMaxChars,
  mediaUrlMaxChars,
  mentionsMax,
  messageIdMaxChars,
  placeTextMaxChars,
  pollOptionsMax,
  pollOptionsMin,
  pollTextMaxChars,
} from '../limits.ts';
import { address, isoTime, orNull, party } from './common.ts';

export const waiting = {
  wait: z.enum(waitModes).default('server'),
  timeoutMs: z.int().min(sendTimeoutMsMin).max(sendTimeoutMsMax).default(sendTimeoutMsDefault),
};
const common = {
  to: address,
  quote: z.string().min(1).max(messageIdMaxChars).optional(),
  ...waiting,
};
const mentions = z.union([z.literal('all'), z.array(address).max(mentionsMax)]).optional();

const textInput = z
  .strictObject({
    ...common,
    type: z.literal('text'),
    text: z.string().min(1).max(messageTextMaxChars),
    linkPreview: z.boolean().optional(),
    mentions,
  })
  .openapi('TextMessageInput');

/** With multipart the part `file` stands for it. */
export const mediaSource = z
  .union([
    z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(mediaUrlMaxChars) }),
    z.strictObject({ base64: z.string() }),
  ])
  .openapi('MediaSource');

export const mediaMimetype = z
  .string()
  .max(filenameMaxChars)
  .regex(/^[\w.+-]+\/[\w.+-]+(?:\s*;\s*[\w.+-]+=[^\s;]+)*$/, 'takes a media type');

const captioned: readonly MediaKind[] = ['image', 'video', 'document'];
const viewedOnce: readonly MediaKind[] = ['image', 'video', 'voice'];

const mediaInput = z
  .strictObject({
    ...common,
    type: z.enum(mediaKinds),
    media: mediaSource.optional(),
    caption: z.string().max(captionMaxChars).optional(),
    filename: z.string().min(1).max(filenameMaxChars).optional(),
    mimetype: mediaMimetype.optional(),
    viewOnce: z.boolean().optional(),
    mentions,
  })
  .superRefine(({ type, caption, viewOnce }, context) => {
    if (caption !== undefined && !captioned.includes(type))
      context.addIssue({ code: 'custom', path: ['caption'], message: `${type} takes no caption` });
    if (viewOnce && !viewedOnce.includes(type))
      context.addIssue({ code: 'custom', path: ['viewOnce'], message: `${type} cannot be viewed once` });
  })
  .openapi('MediaMessageInput');

const place = {
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  name: z.string().max(placeTextMaxChars).optional(),
  address: z.string().max(placeTextMaxChars).optional(),
};

const locationInput = z
  .strictObject({ ...common, type: z.literal('location'), ...place })
  .openapi('LocationMessageInput');

const contactInput = z
  .strictObject({
    ...common,
    type: z.literal('contact'),
    contacts: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(filenameMaxChars),
          organization: z.string().max(filenameMaxChars).optional(),
          phones: z.array(address).min(1).max(contactEntriesMax),
          emails: z.array(z.string().max(filenameMaxChars)).max(contactEntriesMax).optional(),
        }),
      )
      .min(1)
      .max(contactsMax),
  })
  .openapi('ContactMessageInput');

const pollInput = z
  .strictObject({
    ...common,
    type: z.literal('poll'),
    question: z.string().min(1).max(pollTextMaxChars),
    options: z.array(z.string().min(1).max(pollTextMaxChars)).min(pollOptionsMin).max(pollOptionsMax),
    selectable: z.int().min(0).max(pollOptionsMax).default(1).openapi({
      description: 'How many options one may choose; 0: any number.',
    }),
  })
  .superRefine(({ options, selectable }, context) => {
    if (new Set(options).size < options.length)
      context.addIssue({ code: 'custom', path: ['options'], message: 'takes different options' });
    if (selectable > options.length)
      context.addIssue({ code: 'custom', path: ['selectable'], message: `takes at most ${options.length}` });
  })
  .openapi('PollMessageInput');

const eventInput = z
  .strictObject({
    ...common,
    type: z.literal('event'),
    name: z.string().min(1).max(pollTextMaxChars),
    description: z.string().max(eventTextMaxChars).optional(),
    startAt: isoTime,
    endAt: isoTime.optional(),
    location: z.strictObject(place).optional(),
    canceled: z.boolean().optional(),
    guestsAllowed: z.boolean().optional(),
  })
  .openapi('EventMessageInput');

/** WhatsApp's apps do not show these from unofficial devices: 501 `not_supported`. */
const undeliveredInput = z
  .looseObject({ type: z.enum(['list', 'buttons']) })
  .openapi('UndeliveredMessageInput', { description: 'Answers 501 `not_supported`.' });

export const messageInput = z
  .discriminatedUnion('type', [
    textInput,
    mediaInput,
    locationInput,
    contactInput,
    pollInput,
    eventInput,
    undeliveredInput,
  ])
  .openapi('MessageInput');

export type MessageInput = z.output<typeof messageInput>;

export const media = z.object({
  mimetype: z.string(),
  size: z.int().nullable(),
  sha256: z.string().nullable(),
  filename: z.string().nullable(),
  seconds: z.number().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
});

const quote = z.object({
  id: z.string(),
  from: orNull(party),
  type: z.string(),
  text: z.string().nullable(),
});

export const messageError = z.object({
  code: z.string(),
  whatsappCode: z.int().nullable(),
  message: z.string(),
});

export const messageSchema = z
  .object({
    id: z.string(),
    instance: z.string(),
    chat: party,
    from: party,
    to: party,
    fromMe: z.boolean(),
    type: z.string(),
    text: z.string().nullable(),
    media: media.nullable(),
    quote: quote.nullable(),
    timestamp: isoTime,
    status: z.enum(messageStatuses),
    statusAt: isoTime,
    error: messageError.nullable(),
  })
  .openapi('Message');

export const messageQuery = z.object({ chat: address.optional() });

export const numbersInput = z.strictObject({ numbers: z.array(address).min(1).max(numbersPerCheckMax) });

export const numbersSchema = z
  .object({
    results: z.array(
      z.object({
        input: z.string(),
        exists: z.boolean(),
        jid: z.string().nullable(),
        pn: z.string().nullable(),
        lid: z.string().nullable(),
        cached: z.boolean(),
      }),
    ),
  })
  .openapi('NumberResults');
