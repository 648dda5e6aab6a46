/** Invite links of groups: shown, revoked, looked at and followed. Called through `actions.ts`. */
import { getBinaryNodeChild } from '@whiskeysockets/baileys';
import { AppError } from '../errors.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { groupJid, groupQuery, groupServer, invalidAt } from './group-query.ts';
import { groupView } from './group-view.ts';
import { statusOf } from './refusals.ts';

/** The code of a link, or a code as it is. */
function inviteCode(invite: string): string {
  const code = /^(?:https?:\/\/)?(?:chat\.whatsapp\.com\/)?(?:invite\/)?([\w-]{10,64})(?:\?.*)?$/.exec(
    invite.trim(),
  )?.[1];
  if (code) return code;
  throw invalidAt('invite', `${JSON.stringify(invite.slice(0, 80))} is no invite code or link`);
}

/** WhatsApp answers 404, 406 or 410 for codes that are wrong or revoked. */
async function ofInvite<T>(code: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const whatsappCode = statusOf(error);
    if (whatsappCode === null || ![404, 406, 410].includes(whatsappCode)) throw error;
    throw new AppError('not_found', `The invite ${code} is not valid (${whatsappCode}).`, {
      extra: { whatsappCode },
    });
  }
}

async function codeOf(context: ActionContext, gid: string, type: 'get' | 'set'): Promise<string> {
  const answer = await groupQuery(context, groupJid(gid), type, [{ tag: 'invite', attrs: {} }]);
  return getBinaryNodeChild(answer, 'invite')?.attrs['code'] ?? '';
}

export const inviteHandlers: HandlersOf<
  'GetGroupInvite' | 'RevokeGroupInvite' | 'JoinGroup' | 'GetInvitedGroup'
> = {
  GetGroupInvite: ({ gid }, context) => codeOf(context, gid, 'get'),

  RevokeGroupInvite: ({ gid }, context) => codeOf(context, gid, 'set'),

  async JoinGroup({ invite }, context) {
    const code = inviteCode(invite);
    const asked = groupQuery(context, groupServer, 'set', [{ tag: 'invite', attrs: { code } }]);
    const answer = await ofInvite(code, asked);
    const joined = getBinaryNodeChild(answer, 'group') ?? getBinaryNodeChild(answer, 'community');
    const requested = getBinaryNodeChild(answer, 'membership_approval_request');
    const id = (joined ?? requested)?.attrs['jid'] ?? '';
    context.groups.invalidate(id);
    return { id, status: requested ? 'requested' : 'joined' };
  },

  async GetInvitedGroup({ invite }, context) {
    const code = inviteCode(invite);
    return groupView(context, await ofInvite(code, context.sock.groupGetInviteInfo(code)), false);
  },
};
