/** What the settings let pass by: no webhook, nothing in the event log, nothing kept, from their change on. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Stage, startStage } from './support/stage.ts';
import type { ReceivedEvent } from './support/webhook-receiver.ts';

let stage: Stage;
let phone: string;
let gid: string;
let nid: string;
const ann = '5511987658001';
const base = '/v1/instances/desk';

beforeAll(async () => {
  stage = await startStage();
  ({ phone } = await stage.openInstance('desk'));
  await stage.openInstance('owner');
  gid = stage.sandbox.contact(ann).createGroup('Cast', [phone]);
  nid = (await stage.call('POST', '/v1/instances/owner/newsletters', { name: 'Premieres' })).body.id;
  expect((await stage.call('PUT', `${base}/newsletters/${nid}/follow`)).status).toBe(204);
});
afterAll(() => stage.stop());

const heard = (fits: (event: ReceivedEvent) => boolean): ReceivedEvent[] =>
  stage.hook.deliveries.map(({ event }) => event).filter((e) => e.instance === 'desk' && fits(e));
const isOf = (id: string) => (e: ReceivedEvent) => e.data?.id === id;
const until = (id: string, what: string) =>
  stage.hook.until(() => heard(isOf(id)).length > 0, `${what} arrives`);

/** Everything that the log holds of the instance so far, as a stream from its beginning gives it. */
async function logged(upTo: string): Promise<string[]> {
  const headers = { authorization: 'Bearer e2e-admin-key' };
  const stop = new AbortController();
  const { body } = await fetch(`${stage.gateway.url}/v1/events?instance=desk&after=0`, {
    headers,
    signal: stop.signal,
  });
  const ids: string[] = [];
  let text = '';
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) ids.push(JSON.parse(line.slice(6)).data?.id);
    if (ids.includes(upTo)) break;
  }
  stop.abort();
  return ids;
}

const sources = {
  ignoreGroups: () => stage.sandbox.sendFrom(ann, gid, 'to the group'),
  ignoreStatus: () => stage.sandbox.contact(ann).postStatus('a status', [phone]),
  ignoreNewsletters: async () => {
    const body = { to: nid, type: 'text', text: 'to the followers' };
    return (await stage.call('POST', '/v1/instances/owner/messages', body)).body.id as string;
  },
};

it.each(Object.keys(sources) as (keyof typeof sources)[])('%s', async (setting) => {
  const write = sources[setting];
  const before = await write();
  await until(before, `before ${setting}`);
  await stage.call('PATCH', base, { settings: { [setting]: true } });
  const ignored = await write();
  // In order on one connection: when this is here, the ignored one has passed.
  const after = await stage.sandbox.sendFrom(ann, phone, 'to the account');
  await until(after, 'a message to the account itself');
  expect(heard(isOf(ignored))).toEqual([]);
  const log = await logged(after);
  expect([log.includes(before), log.includes(ignored)]).toEqual([true, false]);
  expect((await stage.call('GET', `${base}/messages/${ignored}`)).status).toBe(404);
  await stage.call('PATCH', base, { settings: { [setting]: false } });
  const again = await write();
  await until(again, `after ${setting}`);
  expect(heard(isOf(ignored))).toEqual([]);
});

it('ignoreGroups holds for what happens to groups too', async () => {
  await stage.call('PATCH', base, { settings: { ignoreGroups: true } });
  const other = stage.sandbox.contact(ann).createGroup('Unheard', [phone]);
  const after = await stage.sandbox.sendFrom(ann, phone, 'still there');
  await until(after, 'a message to the account itself');
  expect(heard(({ data }) => data.chat?.jid === other)).toEqual([]);
  await stage.call('PATCH', base, { settings: { ignoreGroups: false } });
});
