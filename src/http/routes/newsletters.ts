/** Newsletters (WhatsApp Channels): made, read, changed, followed, muted. They are written to as any chat. */
import type { Commands } from '../../protocol/commands.ts';
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import { onInput } from '../schemas/conversation.ts';
import {
  newsletterChange,
  newsletterInput,
  newsletterMessages,
  newsletterMessagesQuery,
  newsletterSchema,
  renderMessages,
  renderNewsletter,
} from '../schemas/newsletter.ts';

const tag = 'newsletters';
const aNewsletter = { about: 'The newsletter', json: newsletterSchema };

const newslettersThemselves = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    method: 'post',
    path: 'newsletters',
    tag,
    summary: 'Makes a newsletter',
    body: newsletterInput,
    kind: 'CreateNewsletter',
    status: 201,
    answer: aNewsletter,
    input: ({ body }) => ({ name: body.name, description: body.description ?? null }),
    render: renderNewsletter,
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'newsletters/invite/{code}',
    tag,
    summary: 'Shows the newsletter of an invite',
    kind: 'GetInvitedNewsletter',
    answer: aNewsletter,
    input: ({ param }) => ({ code: param('code') }),
    render: renderNewsletter,
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'newsletters/{nid}',
    tag,
    summary: 'Reads a newsletter',
    kind: 'GetNewsletter',
    answer: aNewsletter,
    input: ({ param }) => ({ nid: param('nid') }),
    render: renderNewsletter,
  }),
  actionRoute(commands, {
    method: 'patch',
    path: 'newsletters/{nid}',
    tag,
    summary: 'Changes name or description of a newsletter',
    body: newsletterChange,
    kind: 'UpdateNewsletter',
    answer: aNewsletter,
    input: ({ param, body }) => ({ nid: param('nid'), change: body }),
    render: renderNewsletter,
  }),
  actionRoute(commands, {
    method: 'delete',
    path: 'newsletters/{nid}',
    tag,
    summary: 'Deletes a newsletter',
    kind: 'DeleteNewsletter',
    status: 204,
    answer: { about: 'Deleted' },
    input: ({ param }) => ({ nid: param('nid') }),
  }),
];

const following = (commands: Commands): AnyRoute[] => [
  ...(['put', 'delete'] as const).map((method) =>
    actionRoute(commands, {
      method,
      path: 'newsletters/{nid}/follow',
      tag,
      summary: method === 'put' ? 'Follows a newsletter' : 'Stops following a newsletter',
      kind: 'FollowNewsletter',
      status: 204,
      answer: { about: method === 'put' ? 'Followed' : 'Not followed any more' },
      input: ({ param }) => ({ nid: param('nid'), on: method === 'put' }),
    }),
  ),
  actionRoute(commands, {
    method: 'put',
    path: 'newsletters/{nid}/mute',
    tag,
    summary: 'Mutes a newsletter, or lets it be heard again',
    body: onInput,
    kind: 'MuteNewsletter',
    status: 204,
    answer: { about: 'As asked' },
    input: ({ param, body }) => ({ nid: param('nid'), on: body.on }),
  }),
  actionRoute(commands, {
    method: 'get',
    path: 'newsletters/{nid}/messages',
    tag,
    summary: 'Lists the messages of a newsletter',
    query: newsletterMessagesQuery,
    kind: 'ListNewsletterMessages',
    answer: { about: 'Newest first; `next` is the `before` of older ones', json: newsletterMessages },
    input: ({ param, query }) => ({
      nid: param('nid'),
      limit: query.limit,
      before: query.before ?? null,
    }),
    render: renderMessages,
  }),
];

export const newsletterRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  ...newslettersThemselves(commands),
  ...following(commands),
];
