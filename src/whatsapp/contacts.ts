/** Picture, about and business profile of somebody. Called through `actions.ts` and by `profile.ts`. */
import type { WASocket } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type {
  AboutView,
  BusinessView,
  ContactActions,
  PictureSize,
  PictureView,
} from '../protocol/contacts.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';

const hidden = [401, 404];

/** Null where there is none or it is hidden from this account. */
export async function pictureOf(sock: WASocket, jid: string, size: PictureSize): Promise<PictureView | null> {
  try {
    const url = await sock.profilePictureUrl(jid, size);
    return url ? { id: new URL(url).pathname.split('/').at(-1) ?? null, url } : null;
  } catch (error) {
    const code = (error as { data?: unknown } | null)?.data;
    if (typeof code === 'number' && hidden.includes(code)) return null;
    throw error;
  }
}

export interface About {
  readonly text: string | null;
  readonly setAt: number | null;
}

export async function aboutOf(sock: WASocket, jid: string): Promise<About | null> {
  const found = await sock.fetchStatus(jid);
  const entry = found?.[0]?.['status'] as { status?: string | null; setAt?: Date } | undefined;
  if (!entry) return null;
  const at = entry.setAt?.getTime() ?? 0;
  return { text: entry.status || null, setAt: at > 0 ? at : null };
}

async function about(address: string, { sock, resolve, party }: ActionContext): Promise<AboutView> {
  const jid = await resolve(address);
  const found = await aboutOf(sock, jid);
  return { contact: await party(jid), about: found?.text ?? null, setAt: found?.setAt ?? null };
}

async function picture(
  address: string,
  size: PictureSize,
  { sock, resolve }: ActionContext,
): Promise<PictureView> {
  const found = await pictureOf(sock, await resolve(address), size);
  if (found) return found;
  throw new AppError('not_found', `${address} has no picture, or hides it from this account.`);
}

async function business(address: string, { sock, resolve, party }: ActionContext): Promise<BusinessView> {
  const jid = await resolve(address);
  const profile = await sock.getBusinessProfile(jid);
  if (!profile) throw new AppError('not_found', `${address} is no business account.`);
  return {
    contact: await party(jid),
    description: profile.description || null,
    address: profile.address ?? null,
    email: profile.email ?? null,
    websites: profile.website ?? [],
    category: profile.category ?? null,
  };
}

export const contactHandlers: HandlersOf<keyof ContactActions> = {
  GetContactPicture: ({ address, size }, context) => picture(address, size, context),
  GetContactAbout: ({ address }, context) => about(address, context),
  GetContactBusiness: ({ address }, context) => business(address, context),
};
