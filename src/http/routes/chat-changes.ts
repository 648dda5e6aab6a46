/** Changes of chats, their removal, read receipts, typing and presence of the other side. */
import { iso } from '../../clock.ts';
import type { ChatChange } from '../../protocol/chat-changes.ts';
import type { TypingState } from '../../protocol/presences.ts';
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import { chatChange, chatUpdateSchema, readInput, readSchema, typingInput } from '../schemas/chat-changes.ts';

const tag = 'chats';
type Commands = FrontOptions['commands'];
type ChangeInput = Omit<ChatChange, 'mutedUntil'> & { readonly mutedUntil?: string | null | undefined };

const msOf = ({ mutedUntil, ...change }: ChangeInput): ChatChange => ({
  ...change,
  ...(mutedUntil === undefined ? {} : { mutedUntil: mutedUntil === null ? null : Date.parse(mutedUntil) }),
});

const change = (commands: Commands): AnyRoute =>
  actionRoute<'ChangeChat', unknown, ChangeInput>(commands, {
    method: 'patch',
    path: 'chats/{chat}',
    tag,
    summary: 'Archives, pins, mutes, marks a chat, or sets its disappearing messages',
    kind: 'ChangeChat',
    body: chatChange,
    answer: { about: 'What was changed', json: chatUpdateSchema },
    input: ({ param, body }) => ({ chat: param('chat'), change: msOf(body) }),
    render: ({ mutedUntil, ...rest }) =>
      mutedUntil === undefined ? rest : { ...rest, mutedUntil: mutedUntil && iso(mutedUntil) },
  });

const removals = (commands: Commands): AnyRoute[] =>
  [
    { method: 'delete', path: 'chats/{chat}', keepChat: false, summary: 'Deletes a chat on this account' },
    {
      method: 'post',
      path: 'chats/{chat}/clear',
      keepChat: true,
      summary: 'Removes the messages of a chat on this account',
    },
  ].map(({ method, path, keepChat, summary }) =>
    actionRoute(commands, {
      ...{ path, tag, summary, method: method as 'delete' | 'post' },
      kind: 'RemoveChat',
      status: 204,
      answer: { about: 'Removed' },
      input: ({ param }) => ({ chat: param('chat'), keepChat }),
    }),
  );

const read = (commands: Commands): AnyRoute =>
  actionRoute<'ReadChat', unknown, { messageIds?: string[] | undefined }>(commands, {
    method: 'post',
    path: 'chats/{chat}/read',
    tag,
    summary: 'Sends read receipts: for these messages, or for all that are unread',
    kind: 'ReadChat',
    body: readInput,
    answer: { about: 'How many messages were marked', json: readSchema },
    input: ({ param, body }) => ({ chat: param('chat'), messageIds: body.messageIds ?? null }),
  });

const presences = (commands: Commands): AnyRoute[] => [
  actionRoute<'ShowTyping', unknown, { state: TypingState }>(commands, {
    method: 'put',
    path: 'chats/{chat}/presence',
    tag,
    summary: 'Shows typing or recording in a chat',
    kind: 'ShowTyping',
    body: typingInput,
    status: 204,
    answer: { about: 'Shown' },
    input: ({ param, body }) => ({ chat: param('chat'), state: body.state }),
  }),
  actionRoute(commands, {
    method: 'post',
    path: 'chats/{chat}/presence/subscribe',
    tag,
    summary: 'Asks for `presence.updated` events of somebody, until the connection ends',
    kind: 'SubscribePresence',
    status: 204,
    answer: { about: 'Subscribed' },
    input: ({ param }) => ({ chat: param('chat') }),
  }),
];

export const chatChangeRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  change(commands),
  ...removals(commands),
  read(commands),
  ...presences(commands),
];
