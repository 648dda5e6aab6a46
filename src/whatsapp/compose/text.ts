/** Text, with mentions. */
import { generateWAMessageContent, type proto } from '@whiskeysockets/baileys';
import { AppError } from '../../errors.ts';
import { parseAddress } from '../addresses.ts';
import { silentLogger } from '../logger.ts';
import type { ContentOf } from './compose-context.ts';

const noUpload = (): Promise<never> =>
  Promise.reject(new AppError('not_supported', 'a text has nothing to upload'));

export async function composeText({ text, mentions }: ContentOf<'text'>): Promise<proto.IMessage> {
  const mentioned = mentions.map(mentionedJid);
  const content = { text, ...(mentioned.length > 0 ? { mentions: mentioned } : {}) };
  return generateWAMessageContent(content, { logger: silentLogger, upload: noUpload });
}

function mentionedJid(address: string): string {
  const parsed = parseAddress(address);
  return parsed.kind === 'phone' ? `${parsed.digits}@s.whatsapp.net` : parsed.jid;
}
