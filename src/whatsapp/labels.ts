/** Labels of the business app, through app state. Called through `actions.ts`. */
import { AppError } from '../errors.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { Label, LabelActions, LabelDetail } from '../protocol/labels.ts';
import type { Party } from '../protocol/message.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { assertKeysCame } from './app-state.ts';
import { LabelRows } from './label-rows.ts';

export const labelUpdated = ({ id, name, color }: Label, isDeleted: boolean): NewEvent<'label.updated'> => ({
  type: 'label.updated',
  chat: null,
  data: { id, name, color, change: isDeleted ? 'deleted' : 'saved', chat: null, messageId: null },
});

export const labelMoved = (
  { id, name, color }: Label,
  chat: Party,
  messageId: string | null,
  isLabeled: boolean,
): NewEvent<'label.updated'> => ({
  type: 'label.updated',
  chat: chat.jid,
  data: { id, name, color, change: isLabeled ? 'added' : 'removed', chat, messageId },
});

/** It becomes part of a key, and WhatsApp makes none with other characters. */
const messageIdShape = /^[\w.-]{1,128}$/;

const rowsOf = ({ store, instance }: ActionContext): LabelRows => new LabelRows(store, instance);

async function known(rows: LabelRows, id: string): Promise<Label> {
  const label = await rows.find(id);
  if (label) return label;
  throw new AppError('not_found', `The account has no label ${id}.`);
}

async function save(context: ActionContext, label: Label): Promise<Label> {
  assertKeysCame(context.sock);
  const { id, name, color } = label;
  await context.sock.addLabel('', { id, name, color, deleted: false } as never);
  await context.store.commit([rowsOf(context).write(label)]);
  context.raise([labelUpdated(label, false)]);
  return label;
}

async function detail(labelId: string, context: ActionContext): Promise<LabelDetail> {
  const rows = rowsOf(context);
  const label = await known(rows, labelId);
  const on = await rows.associations(labelId);
  const chats = on.filter(({ messageId }) => messageId === null);
  const messages = on.flatMap(({ chat, messageId }) => (messageId === null ? [] : [{ chat, id: messageId }]));
  return {
    ...label,
    chats: await Promise.all(chats.map(({ chat }) => context.party(chat))),
    messages: await Promise.all(
      messages.map(async ({ chat, id }) => ({ chat: await context.party(chat), id })),
    ),
  };
}

async function remove(labelId: string, context: ActionContext): Promise<null> {
  const rows = rowsOf(context);
  const label = await known(rows, labelId);
  assertKeysCame(context.sock);
  await context.sock.addLabel('', { ...label, deleted: true } as never);
  await context.store.commit(await rows.removal(labelId));
  context.raise([labelUpdated(label, true)]);
  return null;
}

/** Whose message it is, where the caller names no chat. */
async function chatOf(id: string, { store, instance }: ActionContext): Promise<string> {
  const found = await store.conversations.messagesOf(instance, id);
  const [first] = found;
  if (!first) throw new AppError('not_found', `There is no message ${id} in the store; name its chat.`);
  if (found.length > 1)
    throw new AppError('ambiguous_message', `${found.length} chats have a message ${id}; name the chat.`);
  return first.view.chat.jid;
}

async function setLabeled(
  { labelId, chat: address, messageId, isLabeled }: LabelActions['SetLabeled']['input'],
  context: ActionContext,
): Promise<null> {
  const { sock, resolve, party, raise, store } = context;
  const rows = rowsOf(context);
  const label = await known(rows, labelId);
  if (messageId !== null && !messageIdShape.test(messageId))
    throw new AppError('validation_failed', `${JSON.stringify(messageId)} is no id of a message.`);
  assertKeysCame(sock);
  const jid = address === null ? await chatOf(messageId ?? '', context) : await resolve(address);
  if (messageId === null) await (isLabeled ? sock.addChatLabel : sock.removeChatLabel)(jid, labelId);
  else await (isLabeled ? sock.addMessageLabel : sock.removeMessageLabel)(jid, messageId, labelId);
  await store.commit([rows.associate({ labelId, chat: jid, messageId }, isLabeled)]);
  raise([labelMoved(label, await party(jid), messageId, isLabeled)]);
  return null;
}

const nextId = (labels: readonly Label[]): string =>
  String(Math.max(0, ...labels.map(({ id }) => Number(id) || 0)) + 1);

export const labelHandlers: HandlersOf<keyof LabelActions> = {
  GetLabels: (_input, context) => rowsOf(context).all(),
  GetLabel: ({ labelId }, context) => detail(labelId, context),
  async CreateLabel({ name, color }, context) {
    const labels = await rowsOf(context).all();
    return save(context, { id: nextId(labels), name, color });
  },
  async ChangeLabel({ labelId, name, color }, context) {
    const label = await known(rowsOf(context), labelId);
    return save(context, { id: labelId, name: name ?? label.name, color: color ?? label.color });
  },
  RemoveLabel: ({ labelId }, context) => remove(labelId, context),
  SetLabeled: setLabeled,
};
