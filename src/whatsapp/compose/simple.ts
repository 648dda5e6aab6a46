/** Types without a file: location, contacts, poll, event. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { ContactCard, Place } from '../../protocol/message.ts';
import { parseAddress } from '../addresses.ts';
import type { ContentOf } from './compose-context.ts';

const secretBytes = 32;

const locationOf = ({ latitude, longitude, name, address }: Place): proto.Message.ILocationMessage => ({
  degreesLatitude: latitude,
  degreesLongitude: longitude,
  ...(name === null ? {} : { name }),
  ...(address === null ? {} : { address }),
});

export async function composeLocation(content: ContentOf<'location'>): Promise<proto.IMessage> {
  return { locationMessage: locationOf(content) };
}

/** As RFC 6350 wants it inside a value. */
const escaped = (text: string): string =>
  text.replaceAll(/[\\,;]/g, (sign) => `\\${sign}`).replaceAll(/\r?\n/g, '\\n');

function phoneLine(phone: string): string {
  const parsed = parseAddress(phone);
  if (parsed.kind !== 'phone') return `TEL;TYPE=CELL:${escaped(phone)}`;
  return `TEL;type=CELL;waid=${parsed.digits}:+${parsed.digits}`;
}

/** A card that WhatsApp's apps offer to save and to write to. */
export function vcardOf({ name, organization, phones, emails }: ContactCard): string {
  return [
    ...['BEGIN:VCARD', 'VERSION:3.0', `N:;${escaped(name)};;;`, `FN:${escaped(name)}`],
    ...(organization === null ? [] : [`ORG:${escaped(organization)}`]),
    ...phones.map(phoneLine),
    ...emails.map((email) => `EMAIL:${escaped(email)}`),
    'END:VCARD',
  ].join('\n');
}

export async function composeContact({ contacts }: ContentOf<'contact'>): Promise<proto.IMessage> {
  const cards = contacts.map((card) => ({ displayName: card.name, vcard: vcardOf(card) }));
  const [only] = cards;
  if (cards.length === 1 && only) return { contactMessage: only };
  return { contactsArrayMessage: { displayName: `${cards.length} contacts`, contacts: cards } };
}

/** Votes are encrypted with the secret, which is stored with the message. */
export async function composePoll(poll: ContentOf<'poll'>): Promise<proto.IMessage> {
  const creation = {
    name: poll.question,
    options: poll.options.map((optionName) => ({ optionName })),
    selectableOptionsCount: poll.selectable,
  };
  const messageContextInfo = { messageSecret: randomBytes(secretBytes) };
  return poll.selectable === 1
    ? { messageContextInfo, pollCreationMessageV3: creation }
    : { messageContextInfo, pollCreationMessage: creation };
}

const secondsOf = (ms: number): number => Math.floor(ms / 1_000);

export async function composeEvent(event: ContentOf<'event'>): Promise<proto.IMessage> {
  return {
    messageContextInfo: { messageSecret: randomBytes(secretBytes) },
    eventMessage: {
      name: event.name,
      isCanceled: event.isCanceled,
      extraGuestsAllowed: event.guestsAllowed,
      startTime: secondsOf(event.startAt),
      ...(event.endAt === null ? {} : { endTime: secondsOf(event.endAt) }),
      ...(event.description === null ? {} : { description: event.description }),
      ...(event.place === null ? {} : { location: locationOf(event.place) }),
    },
  };
}
