/** Newsletters and their messages, as they are asked for and shown. */
import { z } from '@hono/zod-openapi';
import { isoOrNull } from '../../clock.ts';
import {
  type NewsletterMessagePage,
  type NewsletterView,
  newsletterRoles,
} from '../../protocol/newsletters.ts';
import { newsletterDescriptionMaxChars, newsletterNameMaxChars, newsletterServerIdMax } from '../limits.ts';
import { isoTime, oneChange, pageLimit, pageOf } from './common.ts';
import { media } from './message.ts';

const name = z.string().min(1).max(newsletterNameMaxChars);
const description = z.string().max(newsletterDescriptionMaxChars);

export const newsletterSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    invite: z.string().nullable(),
    url: z.string().nullable(),
    followers: z.int().nullable(),
    verified: z.boolean(),
    role: z.enum(newsletterRoles).nullable(),
    muted: z.boolean().nullable(),
    state: z.string().nullable(),
    createdAt: isoTime.nullable(),
  })
  .openapi('Newsletter', { description: 'A WhatsApp Channel; `role` is what this account is to it.' });

const newsletterMessage = z
  .object({
    serverId: z.int(),
    id: z.string().nullable(),
    type: z.string(),
    text: z.string().nullable(),
    media: media.nullable(),
    timestamp: isoTime.nullable(),
    views: z.int().nullable(),
    reactions: z.array(z.object({ emoji: z.string(), count: z.int() })),
  })
  .openapi('NewsletterMessage');
export const newsletterMessages = pageOf(newsletterMessage).openapi('NewsletterMessageList');

export const newsletterInput = z
  .strictObject({ name, description: description.optional() })
  .openapi('NewsletterInput', { example: { name: 'Premieres', description: 'What is on' } });
export const newsletterChange = z
  .strictObject({ name: name.optional(), description: description.nullable().optional() })
  .refine(...oneChange)
  .openapi('NewsletterChange', { example: { description: 'What is on this month' } });

const before = z
  .string()
  .regex(/^\d{1,9}$/, 'takes the serverId of a message')
  .transform(Number)
  .pipe(z.int().min(1).max(newsletterServerIdMax))
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: newsletterServerIdMax });
export const newsletterMessagesQuery = z.object({ limit: pageLimit, before });

// ---- rendering

export const renderNewsletter = (newsletter: NewsletterView) => ({
  ...newsletter,
  url: newsletter.invite === null ? null : `https://whatsapp.com/channel/${newsletter.invite}`,
  createdAt: isoOrNull(newsletter.createdAt),
});

export const renderMessages = ({ items, next }: NewsletterMessagePage) => ({
  items: items.map((message) => ({ ...message, timestamp: isoOrNull(message.timestamp) })),
  next,
});
