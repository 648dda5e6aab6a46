/**
 * What the routes that send have in common: the content made once under a message's id, and a prepared file that no
 * message took dropped. Knows no route and no socket.
 */
import type { SendInput } from '../protocol/commands.ts';
import type { MessageContent, MessageView } from '../protocol/message.ts';
import { type Answer, json } from './answer.ts';
import { renderMessage } from './render.ts';
import type { FrontOptions } from './route.ts';

type Parts = Pick<FrontOptions, 'commands' | 'media'>;

export interface Asked extends Omit<SendInput, 'content'> {
  readonly hasMedia: boolean;
  /** Fetches, decodes and converts. */
  content(): Promise<MessageContent>;
}

const isQueued = async ({ commands }: Parts, id: string, messageId: string): Promise<boolean> =>
  (await commands.conversations.message(id, messageId, null).catch(() => ({ status: 'queued' })))?.status ===
  'queued';

/** A file that no message took is nobody's: the shard removes those of the others. */
async function sendPrepared(parts: Parts, id: string, input: SendInput): Promise<MessageView> {
  try {
    return await parts.commands.sendMessage(id, input);
  } catch (error) {
    const { content, messageId } = input;
    if ('media' in content && !(await isQueued(parts, id, messageId))) await parts.media.drop(content.media);
    throw error;
  }
}

/**
 * The content, or the one of before: a repeat after a crash finds its message stored under the same id, and its
 * file must not be made anew under another key.
 */
async function contentFor({ commands }: Parts, id: string, asked: Asked): Promise<MessageContent> {
  const known = asked.hasMedia && (await commands.conversations.message(id, asked.messageId, null));
  return known ? { type: 'text', text: '', mentions: [] } : asked.content();
}

/** 201 with the message. */
export async function sendAsked(parts: Parts, instance: string, asked: Asked): Promise<Answer> {
  const { messageId, to, quote, wait, timeoutMs } = asked;
  const content = await contentFor(parts, instance, asked);
  const input = { messageId, to, content, quote, wait, timeoutMs };
  return json(201, renderMessage(await sendPrepared(parts, instance, input)));
}
