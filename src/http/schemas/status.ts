/** Status posts as they are made. They are shown as messages. */
import { z } from '@hono/zod-openapi';
import { textFonts } from '../../protocol/message.ts';
import { audienceMax, captionMaxChars, statusTextMaxChars } from '../limits.ts';
import { address } from './common.ts';
import { mediaMimetype, mediaSource, waiting } from './message.ts';

const backgroundDefault = '#075E54';
const common = { audience: z.array(address).min(1).max(audienceMax), ...waiting };

const textStatus = z
  .strictObject({
    ...common,
    type: z.literal('text'),
    text: z.string().min(1).max(statusTextMaxChars),
    background: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i, 'takes a colour as #RRGGBB')
      .default(backgroundDefault),
    font: z.enum(textFonts).default('system'),
    linkPreview: z.boolean().optional(),
  })
  .openapi('TextStatusInput');

const mediaStatus = z
  .strictObject({
    ...common,
    type: z.enum(['image', 'video', 'audio', 'voice']),
    media: mediaSource.optional(),
    caption: z.string().max(captionMaxChars).optional(),
    mimetype: mediaMimetype.optional(),
  })
  .superRefine(({ type, caption }, context) => {
    if (caption !== undefined && (type === 'audio' || type === 'voice'))
      context.addIssue({ code: 'custom', path: ['caption'], message: `${type} takes no caption` });
  })
  .openapi('MediaStatusInput');

export const statusInput = z.discriminatedUnion('type', [textStatus, mediaStatus]).openapi('StatusInput');
export type StatusInput = z.output<typeof statusInput>;
