/**
 * The table of action handlers, one file a capability beside this one, and the way to run one: on an open
 * socket, with every failure as the API's error. Called by `connection.ts`.
 */
import type { Action, ActionKind, ActionReply } from '../protocol/actions.ts';
import type { ActionContext, HandlersOf } from './action-context.ts';
import { blocklistHandlers } from './blocklist.ts';
import { callHandlers } from './calls.ts';
import { chatHandlers } from './chat-changes.ts';
import { communityHandlers } from './communities.ts';
import { contactHandlers } from './contacts.ts';
import { groupHandlers } from './groups.ts';
import { labelHandlers } from './labels.ts';
import { mediaHandlers } from './media.ts';
import { messageHandlers } from './message-actions.ts';
import { newsletterHandlers } from './newsletters.ts';
import { presenceHandlers } from './presences.ts';
import { profileHandlers } from './profile.ts';
import { actionErrorOf } from './refusals.ts';

const handlers: HandlersOf<ActionKind> = {
  ...blocklistHandlers,
  ...callHandlers,
  ...chatHandlers,
  ...communityHandlers,
  ...contactHandlers,
  ...groupHandlers,
  ...labelHandlers,
  ...mediaHandlers,
  ...messageHandlers,
  ...newsletterHandlers,
  ...presenceHandlers,
  ...profileHandlers,
};

/** "SetBlocked" → "set blocked": how a refusal names the action. */
const wordsOf = (kind: string): string => kind.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase();

/** Rejects with an `AppError` only. */
export async function performAction<K extends ActionKind>(
  { kind, input }: Action<K>,
  context: ActionContext,
): Promise<ActionReply<K>> {
  try {
    const handler: HandlersOf<K>[K] = handlers[kind];
    return await handler(input, context);
  } catch (error) {
    throw actionErrorOf(error, `the request "${wordsOf(kind)}"`);
  }
}
