/** Contacts, profile, privacy, presence and labels. */
import { z } from '@hono/zod-openapi';
import { pictureSizes } from '../../protocol/contacts.ts';
import { labelColors } from '../../protocol/labels.ts';
import { onlineStates, type PrivacyName, privacyValues } from '../../protocol/profile.ts';
import { aboutMaxChars, labelNameMaxChars, profileNameMaxChars } from '../limits.ts';
import { ephemeral } from './chat-changes.ts';
import { address, isoTime, oneChange, pageOf, party } from './common.ts';
import { mediaSource } from './message.ts';

const text = z.string().nullable();

export const pictureQuery = z.object({ size: z.enum(pictureSizes).default('image') });
export const pictureSchema = z.object({ id: text, url: z.string() }).openapi('Picture');
export const aboutSchema = z
  .object({ contact: party, about: text, setAt: isoTime.nullable() })
  .openapi('About');
export const businessSchema = z
  .object({
    ...{ contact: party, description: text, address: text, email: text, category: text },
    websites: z.array(z.string()),
  })
  .openapi('Business');

export const profileSchema = z.object({ name: text, about: text, picture: text }).openapi('Profile');
export const profileInput = z
  .strictObject({
    name: z.string().trim().min(1).max(profileNameMaxChars).optional(),
    about: z.string().max(aboutMaxChars).optional(),
  })
  .refine(...oneChange)
  .openapi('ProfileInput', { example: { name: 'Sales', about: 'Mon to Fri, 9 to 18' } });
export const pictureInput = z.strictObject({ media: mediaSource.optional() }).openapi('PictureInput', {
  description: 'Any picture: its middle becomes a square JPEG of 640 pixels.',
});

type Values = (typeof privacyValues)[PrivacyName];
const categories = Object.entries(privacyValues) as [PrivacyName, Values][];
const each = <T extends z.ZodType>(made: (values: Values) => T): Record<PrivacyName, T> =>
  Object.fromEntries(categories.map(([name, values]) => [name, made(values)])) as Record<PrivacyName, T>;

export const privacySchema = z
  .object({ ...each(() => text), defaultEphemeralSeconds: z.int() })
  .openapi('Privacy');
export const privacyInput = z
  .strictObject({
    ...each((values) => z.enum(values).optional()),
    defaultEphemeralSeconds: ephemeral.optional(),
  })
  .refine(...oneChange)
  .openapi('PrivacyInput', { example: { lastSeen: 'contacts', readReceipts: 'none' } });

export const presenceInput = z.strictObject({ state: z.enum(onlineStates) }).openapi('PresenceInput');

const labelName = z.string().trim().min(1).max(labelNameMaxChars);
const labelColor = z
  .int()
  .min(0)
  .max(labelColors - 1);
export const labelInput = z
  .strictObject({ name: labelName, color: labelColor.default(0) })
  .openapi('LabelInput', { example: { name: 'Paid', color: 3 } });
export const labelPatch = z
  .strictObject({ name: labelName.optional(), color: labelColor.optional() })
  .refine(...oneChange)
  .openapi('LabelPatch', { example: { name: 'Paid in full' } });
export const labelSchema = z.object({ id: z.string(), name: z.string(), color: z.int() }).openapi('Label');
export const labelPage = pageOf(labelSchema).openapi('LabelPage');
export const labelDetail = labelSchema
  .extend({
    chats: z.array(party),
    messages: z.array(z.object({ chat: party, id: z.string() })),
  })
  .openapi('LabelDetail');
export const labeledMessageQuery = z.object({ chat: address.optional() });
