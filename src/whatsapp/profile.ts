/** The account's own name, about, picture, privacy and presence. Called through `actions.ts`. */
import { S_WHATSAPP_NET, type WASocket } from '@whiskeysockets/baileys';
import {
  type OnlineState,
  type PrivacyChange,
  type PrivacyName,
  type PrivacyView,
  type ProfileActions,
  type ProfileView,
  privacyValues,
} from '../protocol/profile.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { assertKeysCame } from './app-state.ts';
import { attributeText } from './attribute-text.ts';
import { aboutOf, pictureOf } from './contacts.ts';
import { setPicture } from './pictures.ts';

/** How the server calls each category. */
const categories: Readonly<Record<PrivacyName, string>> = {
  lastSeen: 'last',
  online: 'online',
  picture: 'profile',
  about: 'status',
  readReceipts: 'readreceipts',
  groupAdd: 'groupadd',
  calls: 'calladd',
  messages: 'messages',
};
const names = Object.keys(privacyValues) as PrivacyName[];

/** Where the account has no name yet Baileys would send nothing, silently. */
export async function showOnline(sock: WASocket, state: OnlineState): Promise<void> {
  if (sock.authState.creds.me?.name) return sock.sendPresenceUpdate(state);
  await sock.sendNode({ tag: 'presence', attrs: { type: state } });
}

async function profileOf({ sock, me }: ActionContext): Promise<ProfileView> {
  const { jid, name } = me();
  const [about, picture] = await Promise.all([aboutOf(sock, jid), pictureOf(sock, jid, 'image')]);
  return { name, about: about?.text ?? null, picture: picture?.url ?? null };
}

/** WhatsApp has no answer for the default; it comes with the account's own directory entry. */
async function defaultEphemeralOf({ sock, me }: ActionContext): Promise<number> {
  const found = await sock.fetchDisappearingDuration(me().jid);
  const entry = found?.[0]?.['disappearing_mode'] as { duration?: unknown } | undefined;
  return Number(entry?.duration ?? 0);
}

async function privacyOf(context: ActionContext): Promise<PrivacyView> {
  const [known, defaultEphemeralSeconds] = await Promise.all([
    context.sock.fetchPrivacySettings(true),
    defaultEphemeralOf(context),
  ]);
  const values = Object.fromEntries(names.map((name) => [name, known[categories[name]] ?? null]));
  return { ...(values as { [N in PrivacyName]: string | null }), defaultEphemeralSeconds };
}

async function setPrivacy(sock: WASocket, name: PrivacyName, value: string): Promise<void> {
  await sock.query({
    tag: 'iq',
    attrs: { xmlns: 'privacy', to: S_WHATSAPP_NET, type: 'set' },
    content: [
      { tag: 'privacy', attrs: {}, content: [{ tag: 'category', attrs: { name: categories[name], value } }] },
    ],
  });
}

async function changePrivacy(change: PrivacyChange, context: ActionContext): Promise<PrivacyView> {
  for (const name of names) {
    const value = change[name];
    if (value !== undefined) await setPrivacy(context.sock, name, value);
  }
  if (change.defaultEphemeralSeconds !== undefined)
    await context.sock.updateDefaultDisappearingMode(change.defaultEphemeralSeconds);
  return privacyOf(context);
}

/**
 * Own changes are no events of the socket: the account's name follows here. Baileys tells contacts too where it
 * finds a new name, as it is.
 */
async function showName(sock: WASocket, name: string): Promise<void> {
  const { creds } = sock.authState;
  if (!creds.me) return;
  creds.me = { ...creds.me, name };
  sock.ev.emit('creds.update', { me: creds.me });
  await sock.sendNode({ tag: 'presence', attrs: { name: attributeText(name) } });
}

async function changeProfile(
  { name, about }: { readonly name?: string | undefined; readonly about?: string | undefined },
  context: ActionContext,
): Promise<ProfileView> {
  const { sock } = context;
  if (name !== undefined) {
    assertKeysCame(sock);
    await sock.updateProfileName(name);
    await showName(sock, name);
  }
  if (about !== undefined) await sock.updateProfileStatus(about);
  const shown = await profileOf(context);
  return { ...shown, name: name ?? shown.name };
}

export const profileHandlers: HandlersOf<keyof ProfileActions> = {
  GetProfile: (_input, context) => profileOf(context),
  ChangeProfile: changeProfile,
  SetProfilePicture: ({ image }, context) => setPicture(image, null, context),
  GetPrivacy: (_input, context) => privacyOf(context),
  ChangePrivacy: changePrivacy,
  async SetPresence({ state }, { sock }) {
    await showOnline(sock, state);
    return null;
  },
};
