/** Adds a context (a quote, for example) to what a message shows, below its wrappers. Called by `send.ts`. */
import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';

/** Parts that stand beside the message and are not shown. */
const besides: readonly string[] = ['messageContextInfo', 'senderKeyDistributionMessage'];

export function withContext(message: proto.IMessage, context: proto.IContextInfo): void {
  const content = normalizeMessageContent(message) ?? {};
  for (const [name, part] of Object.entries(content)) {
    if (part === null || typeof part !== 'object' || besides.includes(name)) continue;
    const shown = part as { contextInfo?: proto.IContextInfo | null };
    shown.contextInfo = { ...shown.contextInfo, ...context };
    return;
  }
}
