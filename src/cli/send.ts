/** `elenco send ID TO TEXT`: one text, `-` reads it from stdin. Says what became of it; exits 1 when it failed. */
import { text as readText } from 'node:stream/consumers';
import { readAsked } from './access.ts';
import { shownParty } from './party.ts';
import { Refusal } from './refusal.ts';

const waits = ['queued', 'server', 'delivered'] as const;
const shape = 'send ID TO TEXT|- [--wait queued|server|delivered] [--idempotency-key KEY] [--json]';

export async function sendCommand(argv: readonly string[]): Promise<number> {
  const options = ['wait', 'idempotency-key'];
  const { elenco, isJson, words, option } = readAsked(argv, { shape, words: [3, 3], options });
  const [id = '', to = '', given = ''] = words;
  const wait = waits.find((one) => one === (option('wait') ?? 'server'));
  if (!wait) throw new Refusal(`--wait: got ${JSON.stringify(option('wait'))}, takes ${waits.join(', ')}`);
  const text = given === '-' ? (await readText(process.stdin)).replace(/\n$/, '') : given;
  const idempotencyKey = option('idempotency-key');
  const message = await elenco.post('/v1/instances/{id}/messages', {
    path: { id },
    body: { to, type: 'text', text, wait },
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
  const { chat, status } = message;
  if (isJson) console.log(JSON.stringify(message, null, 2));
  else console.log(`${status}: ${message.id} to ${shownParty(chat)}`);
  return status === 'failed' ? 1 : 0;
}
