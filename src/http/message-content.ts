/**
 * What a request asks to be sent, as the content of a command: files are fetched or decoded, then made ready by the
 * media room; a link gets its preview. Called by the routes that send; knows no socket.
 */
import { getMimeType } from 'hono/utils/mime';
import { AppError } from '../errors.ts';
import type { MediaKind } from '../protocol/media.ts';
import type { MessageContent, Place } from '../protocol/message.ts';
import { invalid } from './problem.ts';
import type { MessageInput } from './schemas/message.ts';
import { type UploadPlace, withUpload } from './upload.ts';

export interface SendPlace extends UploadPlace {
  readonly instance: string;
  readonly messageId: string;
}

type Of<T extends MessageInput['type']> = Extract<MessageInput, { type: T }>;
type MediaBody = Extract<MessageInput, { type: MediaKind }>;

const notSupported = (type: string): AppError =>
  new AppError('not_supported', `type "${type}" is not shown by WhatsApp's apps when it is sent like this`);

async function mediaContent(body: MediaBody, place: SendPlace): Promise<MessageContent> {
  const { type, caption = null, viewOnce = false, mentions = [], filename = null } = body;
  return withUpload(body.media, place, async (upload) => {
    const known = filename ?? upload.filename;
    const mimetype = body.mimetype ?? upload.mimetype ?? (known ? getMimeType(known) : undefined) ?? null;
    const { instance, messageId } = place;
    const isEncrypted = !body.to.endsWith('@newsletter');
    const order = { kind: type, upload, mimetype, filename, isEncrypted, instance, messageId };
    return { type, media: await place.intake.prepare(order), caption, viewOnce, mentions };
  });
}

async function textContent(body: Of<'text'>, { intake }: SendPlace): Promise<MessageContent> {
  const { type, text, mentions = [], linkPreview = false } = body;
  return { type, text, mentions, ...(linkPreview ? { preview: await intake.preview(text) } : {}) };
}

const placeOf = (at: NonNullable<Of<'event'>['location']>): Place => ({
  latitude: at.latitude,
  longitude: at.longitude,
  name: at.name ?? null,
  address: at.address ?? null,
});

function eventContent(body: Of<'event'>): MessageContent {
  return {
    type: 'event',
    name: body.name,
    description: body.description ?? null,
    startAt: Date.parse(body.startAt),
    endAt: body.endAt === undefined ? null : Date.parse(body.endAt),
    place: body.location ? placeOf(body.location) : null,
    isCanceled: body.canceled ?? false,
    guestsAllowed: body.guestsAllowed ?? false,
  };
}

const contactContent = ({ contacts }: Of<'contact'>): MessageContent => ({
  type: 'contact',
  contacts: contacts.map(({ name, phones, organization = null, emails = [] }) => ({
    ...{ name, phones, organization, emails },
  })),
});

/** Rejects `conversion_failed`, `validation_failed`, `not_supported`, `body_too_large`. */
export async function contentOf(body: MessageInput, place: SendPlace): Promise<MessageContent> {
  if (place.upload && !('media' in body || isMedia(body)))
    throw invalid([{ path: 'file', message: `type "${body.type}" takes no file` }]);
  switch (body.type) {
    case 'text':
      return textContent(body, place);
    case 'location':
      return { type: 'location', ...placeOf(body) };
    case 'contact':
      return contactContent(body);
    case 'poll':
      return { type: 'poll', question: body.question, options: body.options, selectable: body.selectable };
    case 'event':
      return eventContent(body);
    case 'list':
    case 'buttons':
      throw notSupported(body.type);
    default:
      return mediaContent(body, place);
  }
}

const others: readonly string[] = ['text', 'location', 'contact', 'poll', 'event', 'list', 'buttons'];

export const isMedia = (body: MessageInput): body is MediaBody => !others.includes(body.type);
