/**
 * Control routes that speak as contacts. Each reads its fields and calls `sandbox.contact`.
 */
import { mediaMessage } from '../contacts/send-media.ts';
import type { Content } from '../contacts/speaker.ts';
import type { MediaKind } from '../media/parts.ts';
import { proto } from '../wire/proto.ts';
import { numberField, oneOf, optionalText, textField, textList } from './fields.ts';
import type { ControlRequest, ControlRoute } from './server.ts';

const mediaKinds: readonly MediaKind[] = ['image', 'video', 'audio', 'document', 'sticker'];
const typing = ['composing', 'recording', 'paused'] as const;
const marks = ['read', 'played'] as const;

const from = ({ sandbox, body }: ControlRequest) => sandbox.contact(textField(body, 'from'));

/** `text`, or `message`: a WhatsApp `Message` as JSON (bytes in base64). */
function content({ body }: ControlRequest): Content {
  const { message } = body;
  if (typeof message !== 'object' || message === null) return textField(body, 'text');
  return proto.Message.fromObject(message as Record<string, unknown>);
}

const addressing = ({ body }: ControlRequest): 'pn' | 'lid' | undefined =>
  body['addressing'] === undefined ? undefined : oneOf(body, 'addressing', ['pn', 'lid']);

const media: ControlRoute = async (request) => {
  const { sandbox, body } = request;
  const caption = optionalText(body, 'caption');
  const fileName = optionalText(body, 'fileName');
  const message = mediaMessage(
    sandbox.world,
    oneOf(body, 'kind', mediaKinds),
    Buffer.from(textField(body, 'base64'), 'base64'),
    {
      mimetype: textField(body, 'mimetype'),
      ...(caption === undefined ? {} : { caption }),
      ...(fileName === undefined ? {} : { fileName }),
      ...{ isVoice: body['voice'] === true, isNote: body['note'] === true },
    },
  );
  return { id: await from(request).write(textField(body, 'to'), message) };
};

/** Writes `count` numbered texts, for load. */
const flood: ControlRoute = async (request) => {
  const { body } = request;
  const ids: string[] = [];
  for (let n = 1; n <= numberField(body, 'count', 1); n += 1) {
    ids.push(
      await from(request).write(textField(body, 'to'), `${optionalText(body, 'text') ?? 'text'} ${n}`),
    );
  }
  return { ids };
};

const hangUp: ControlRoute = (request) => {
  const call = request.sandbox.world.calls.get(textField(request.body, 'call'));
  if (!call) throw new Error('no such call');
  from(request).hangUp(call, request.body['reason'] === 'hangup' ? 'hangup' : 'timeout');
};

export const contactRoutes: Readonly<Record<string, ControlRoute>> = {
  'POST /send': async (request) => ({
    id: await from(request).write(textField(request.body, 'to'), content(request), addressing(request)),
  }),
  'POST /phone-send': async (request) => ({
    id: await request.sandbox.sendFromPhone(
      textField(request.body, 'from'),
      textField(request.body, 'to'),
      content(request),
    ),
  }),
  'POST /send-media': media,
  'POST /flood': flood,
  'POST /rate': ({ sandbox, body }) =>
    sandbox.writeAtRate({
      to: textList(body, 'to'),
      perSecond: numberField(body, 'perSecond', 1),
      durationMs: numberField(body, 'durationMs', 10_000),
      contacts: numberField(body, 'contacts', 10),
    }),
  'POST /typing': (request) =>
    from(request).type(textField(request.body, 'to'), oneOf(request.body, 'state', typing)),
  'POST /presence': (request) => from(request).show(request.body['available'] !== false),
  'POST /mark': (request) =>
    from(request).mark(
      textField(request.body, 'to'),
      textField(request.body, 'id'),
      oneOf(request.body, 'type', marks),
    ),
  'POST /call': (request) =>
    from(request).call(textField(request.body, 'to'), request.body['video'] === true),
  'POST /hang-up': hangUp,
  'POST /reinstall': (request) => from(request).reinstall(),
  'POST /status': async (request) => ({
    id: await from(request).postStatus(textField(request.body, 'text'), textList(request.body, 'audience')),
  }),
  'POST /group': (request) => ({
    jid: from(request).createGroup(textField(request.body, 'subject'), textList(request.body, 'members')),
  }),
  'POST /join': (request) => ({ outcome: from(request).join(textField(request.body, 'code')) }),
};
