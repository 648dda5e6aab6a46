/** Adds a context (a quote, for example) to what a message shows, below its wrappers. Called by `send.ts`. */
import type { proto } from '@whiskeysockets/baileys';
import { shownPart } from './shown-part.ts';

export function withContext(message: proto.IMessage, context: proto.IContextInfo): void {
  const shown = shownPart(message);
  if (shown) shown.part.contextInfo = { ...shown.part.contextInfo, ...context };
}
