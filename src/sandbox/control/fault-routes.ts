/**
 * Control routes that make things go wrong. Each reads its fields and calls `sandbox.faults`.
 */

import type { DoorMode } from '../faults/door.ts';
import { type CloseKind, closeKinds } from '../faults/faults.ts';
import type { StanzaRule } from '../faults/stanza-rules.ts';
import { phoneModes } from '../media/media-retry.ts';
import { goneStatuses } from '../media/store.ts';
import { numberField, oneOf, optionalText, textField } from './fields.ts';
import type { ControlRoute } from './server.ts';

const doorModes: readonly DoorMode[] = ['open', 'refuse', 'unavailable', 'silent', 'frozen'];
const effects = ['delay', 'drop', 'duplicate', 'reorder', 'corrupt', 'refuse'] as const;
const directions = ['toAccount', 'fromAccount'] as const;

const stanza: ControlRoute = ({ sandbox, body }) => {
  const rule: StanzaRule = {
    effect: oneOf(body, 'effect', effects),
    direction: body['direction'] === undefined ? undefined : oneOf(body, 'direction', directions),
    account: optionalText(body, 'account'),
    tag: optionalText(body, 'tag'),
    count: numberField(body, 'count', 1),
    probability: numberField(body, 'probability', 1),
    delayMs: numberField(body, 'delayMs', 500),
    code: optionalText(body, 'code'),
  };
  sandbox.faults.stanza(rule);
};

/** By the id of a message that an account was sent. */
const expireMedia: ControlRoute = ({ sandbox, body }) => {
  const message = sandbox.messageTo(textField(body, 'account'), textField(body, 'id'));
  const status = goneStatuses.find((one) => one === numberField(body, 'status', 410));
  if (!message || !status) throw new Error('no such message, or a status that is not 403, 404 or 410');
  return { expired: sandbox.faults.expireMedia(message, status) };
};

export const faultRoutes: Readonly<Record<string, ControlRoute>> = {
  'POST /faults/close': ({ sandbox, body }) => ({
    closed: sandbox.faults.close(oneOf<CloseKind>(body, 'kind', closeKinds), optionalText(body, 'account')),
  }),
  'POST /faults/freeze': ({ sandbox, body }) => ({
    connections: sandbox.faults.freeze(optionalText(body, 'account'), body['on'] !== false),
  }),
  'POST /faults/door': ({ sandbox, body }) =>
    sandbox.faults.door(oneOf<DoorMode>(body, 'mode', doorModes), numberField(body, 'ms', 1_000)),
  'POST /faults/login': ({ sandbox, body }) =>
    sandbox.faults.failLogins(numberField(body, 'reason', 401), {
      account: optionalText(body, 'account'),
      count: numberField(body, 'count', 1),
    }),
  'POST /faults/stanza': stanza,
  'POST /faults/unlink': ({ sandbox, body }) => ({
    devices: sandbox.faults.unlink(textField(body, 'account')),
  }),
  'POST /faults/media': expireMedia,
  'POST /faults/phones': ({ sandbox, body }) => sandbox.faults.phones(oneOf(body, 'mode', phoneModes)),
  'POST /faults/clear': ({ sandbox }) => sandbox.faults.clear(),
  'POST /faults/script': ({ sandbox, body }) =>
    sandbox.runFaults({
      seed: textField(body, 'seed'),
      durationMs: numberField(body, 'durationMs', 10_000),
      everyMs: numberField(body, 'everyMs', 1_000),
    }),
};
