/** Labels of the business app, on chats and messages. */
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import {
  labelDetail,
  labeledMessageQuery,
  labelInput,
  labelPage,
  labelPatch,
  labelSchema,
} from '../schemas/people.ts';

type Commands = FrontOptions['commands'];
const tag = 'labels';

const label = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    ...{ method: 'get', path: 'labels', tag, kind: 'GetLabels', summary: 'Lists the labels' },
    answer: { about: 'All labels', json: labelPage },
    input: () => ({}),
    render: (items) => ({ items, next: null }),
  }),
  actionRoute<'CreateLabel', unknown, { name: string; color: number }>(commands, {
    ...{ method: 'post', path: 'labels', tag, kind: 'CreateLabel', status: 201, summary: 'Makes a label' },
    body: labelInput,
    answer: { about: 'The label', json: labelSchema },
    input: ({ body }) => body,
  }),
  actionRoute(commands, {
    ...{ method: 'get', path: 'labels/{labelId}', tag, kind: 'GetLabel' },
    summary: 'Shows a label and what it is on',
    answer: { about: 'The label', json: labelDetail },
    input: ({ param }) => ({ labelId: param('labelId') }),
  }),
  actionRoute<'ChangeLabel', unknown, { name?: string | undefined; color?: number | undefined }>(commands, {
    ...{ method: 'patch', path: 'labels/{labelId}', tag, kind: 'ChangeLabel', summary: 'Changes a label' },
    body: labelPatch,
    answer: { about: 'The label', json: labelSchema },
    input: ({ param, body }) => ({ labelId: param('labelId'), ...body }),
  }),
  actionRoute(commands, {
    ...{ method: 'delete', path: 'labels/{labelId}', tag, kind: 'RemoveLabel', status: 204 },
    summary: 'Removes a label',
    answer: { about: 'Removed' },
    input: ({ param }) => ({ labelId: param('labelId') }),
  }),
];

const associations = (commands: Commands): AnyRoute[] =>
  ([true, false] as const).flatMap((isLabeled) => [
    actionRoute(commands, {
      ...{ method: isLabeled ? 'put' : 'delete', path: 'labels/{labelId}/chats/{chat}', tag },
      ...{ kind: 'SetLabeled', status: 204 },
      summary: isLabeled ? 'Puts a label on a chat' : 'Takes a label from a chat',
      answer: { about: 'Done' },
      input: ({ param }) => ({
        ...{ labelId: param('labelId'), chat: param('chat'), messageId: null, isLabeled },
      }),
    }),
    actionRoute<'SetLabeled', { chat?: string | undefined }>(commands, {
      ...{ method: isLabeled ? 'put' : 'delete', path: 'labels/{labelId}/messages/{mid}', tag },
      ...{ kind: 'SetLabeled', status: 204 },
      summary: isLabeled ? 'Puts a label on a message' : 'Takes a label from a message',
      query: labeledMessageQuery,
      answer: { about: 'Done' },
      input: ({ param, query }) => ({
        ...{ labelId: param('labelId'), chat: query.chat ?? null, messageId: param('mid'), isLabeled },
      }),
    }),
  ]);

export const labelRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  ...label(commands),
  ...associations(commands),
];
