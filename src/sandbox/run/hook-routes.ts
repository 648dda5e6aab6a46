/**
 * `POST /hook` and `GET /hook` of `npm run sandbox`. Prints one line per webhook. `GET /hook?wait=MS`
 * waits for the next one; `&after=N` answers at once when more than N arrived.
 */
import { iso } from '../../clock.ts';
import type { ControlRoute } from '../control/server.ts';
import type { World } from '../world.ts';
import { type Hook, HookBoard, isSignedWith } from './hook-board.ts';

const signatureText = (hook: Hook): string => {
  if (hook.isSigned === null) return 'signature not checked';
  return hook.isSigned ? 'signature ok' : 'SIGNATURE WRONG';
};

function describe(hook: Hook): string {
  const body = hook.body as {
    type?: unknown;
    instance?: unknown;
    data?: { text?: unknown; state?: unknown };
  };
  const detail = body.data?.text ?? body.data?.state ?? '';
  return `webhook  ${String(body.type)}  ${String(body.instance)}  ${String(detail)}  (${signatureText(hook)})`;
}

export function mountHooks(world: World, print: (line: string) => void): HookBoard {
  const board = new HookBoard(world.clock);
  const receive: ControlRoute = ({ body, raw, headers, query }) => {
    const secret = query.get('secret');
    const isSigned = secret === null ? null : isSignedWith(secret, headers, raw);
    const hook = { at: iso(world.clock.now()), id: String(headers['webhook-id'] ?? ''), isSigned, body };
    board.add(hook);
    print(describe(hook));
    if (isSigned === false) throw new Error('the signature does not match the secret');
  };
  const list: ControlRoute = async ({ query }) => {
    const wait = Number(query.get('wait') ?? 0);
    const known = Number(query.get('after') ?? board.list().length);
    if (wait > 0 && board.list().length <= known) await board.next(wait);
    return board.list();
  };
  world.extraRoutes.set('POST /hook', receive);
  world.extraRoutes.set('GET /hook', list);
  return board;
}
