/** Sets and removes the picture of the account or of a group. Called by the files of profile and groups. */
import { S_WHATSAPP_NET } from '@whiskeysockets/baileys';
import type { ActionContext } from './action-context.ts';

/** `target` is a group's JID, null the account itself; `image` a square JPEG, null removes the picture. */
export async function setPicture(
  image: Uint8Array | null,
  target: string | null,
  { sock }: Pick<ActionContext, 'sock'>,
): Promise<null> {
  await sock.query({
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, type: 'set', xmlns: 'w:profile:picture', ...(target ? { target } : {}) },
    ...(image ? { content: [{ tag: 'picture', attrs: { type: 'image' }, content: image }] } : {}),
  });
  return null;
}
