/** Newsletters: made, read, changed, followed, muted, deleted, their messages listed. Called through `actions.ts`. */
import {
  type BinaryNode,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  QueryIds,
  S_WHATSAPP_NET,
  XWAPaths,
} from '@whiskeysockets/baileys';
import { executeWMexQuery } from '@whiskeysockets/baileys/lib/Socket/mex.js';
import { AppError } from '../errors.ts';
import type { NewsletterActions, NewsletterView } from '../protocol/newsletters.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { invalidAt } from './group-query.ts';
import { newsletterMessage, newsletterView, type RawNewsletter } from './newsletter-view.ts';

type Socket = ActionContext['sock'];

function newsletterJid(nid: string): string {
  if (/^\d{1,32}@newsletter$/.test(nid)) return nid;
  const shown = JSON.stringify(nid.slice(0, 80));
  throw invalidAt('nid', `${shown} is no JID of a newsletter; one ends in @newsletter`);
}

/** The code of an invite that may be written as a link. */
function inviteCode(invite: string): string {
  const code = invite.replace(/^https?:\/\/(www\.)?whatsapp\.com\/channel\//, '');
  if (/^[\w-]{1,64}$/.test(code)) return code;
  throw invalidAt('code', `${JSON.stringify(invite.slice(0, 80))} is no invite of a newsletter`);
}

/** Baileys hands WhatsApp's answer through, whatever its type says. */
async function read(sock: Socket, by: 'jid' | 'invite', key: string): Promise<NewsletterView> {
  const found = (await sock.newsletterMetadata(by, key)) as RawNewsletter | null;
  if (!found) throw new AppError('not_found', `WhatsApp has no newsletter ${key}.`);
  return newsletterView(found);
}

function messagesNode(jid: string, count: number, before: number | null): BinaryNode {
  const older = before === null ? {} : { before: String(before) };
  return { tag: 'messages', attrs: { type: 'jid', jid, count: String(count), ...older } };
}

const ofMessages: HandlersOf<'ListNewsletterMessages'> = {
  /** Not Baileys' `newsletterFetchMessages`: that asks for new counts of views and reactions only. */
  async ListNewsletterMessages({ nid, limit, before }, { sock }) {
    const attrs = { to: S_WHATSAPP_NET, type: 'get', xmlns: 'newsletter' };
    const content = [messagesNode(newsletterJid(nid), limit, before)];
    const answer = await sock.query({ tag: 'iq', attrs, content });
    const found = getBinaryNodeChildren(getBinaryNodeChild(answer, 'messages'), 'message');
    const items = found.map(newsletterMessage).sort((a, b) => b.serverId - a.serverId);
    const oldest = items.length < limit ? undefined : items.at(-1);
    return { items, next: oldest ? String(oldest.serverId) : null };
  },
};

export const newsletterHandlers: HandlersOf<keyof NewsletterActions> = {
  ...ofMessages,

  /** Not Baileys' `newsletterCreate`: that fails over an answer without a picture, when the newsletter is made. */
  async CreateNewsletter({ name, description }, { sock }) {
    const made = await executeWMexQuery<RawNewsletter>(
      { input: { name, description } },
      QueryIds.CREATE,
      XWAPaths.xwa2_newsletter_create,
      sock.query,
      sock.generateMessageTag,
    );
    return newsletterView(made);
  },

  GetNewsletter: ({ nid }, { sock }) => read(sock, 'jid', newsletterJid(nid)),

  GetInvitedNewsletter: ({ code }, { sock }) => read(sock, 'invite', inviteCode(code)),

  async UpdateNewsletter({ nid, change: { name, description } }, { sock }) {
    const jid = newsletterJid(nid);
    await sock.newsletterUpdate(jid, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description: description ?? '' }),
    });
    return read(sock, 'jid', jid);
  },

  async DeleteNewsletter({ nid }, { sock }) {
    await sock.newsletterDelete(newsletterJid(nid));
    return null;
  },

  async FollowNewsletter({ nid, on }, { sock }) {
    const jid = newsletterJid(nid);
    await (on ? sock.newsletterFollow(jid) : sock.newsletterUnfollow(jid));
    return null;
  },

  async MuteNewsletter({ nid, on }, { sock }) {
    const jid = newsletterJid(nid);
    await (on ? sock.newsletterMute(jid) : sock.newsletterUnmute(jid));
    return null;
  },
};
