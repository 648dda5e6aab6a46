/** A backup has what is kept of messages, chats and contacts: every list is the same where it was restored. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Program } from '../e2e/support/program.ts';
import { type Stage, startStage } from '../e2e/support/stage.ts';

const ann = '5511987658001';
let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage.stop());

async function elenco(argv: readonly string[], dataDir: string): Promise<void> {
  const program = new Program('src/cli/main.ts', argv, {
    DATA_DIR: dataDir,
    WA_SOCKET_URL: stage.sandbox.url,
    WA_ROOT_KEY: stage.sandbox.rootKey,
    BACKUP_PASSPHRASE: 'the passphrase of the test',
  });
  const code = await program.exited;
  expect({ code, says: program.stderr }).toMatchObject({ code: 0 });
}

const lists = ['messages', `messages?chat=${ann}&order=oldest`, 'chats', `chats/${ann}`, 'contacts'];
const shown = () =>
  Promise.all(lists.map(async (path) => (await stage.call('GET', `/v1/instances/desk/${path}`)).body));

async function talk(): Promise<void> {
  const { phone } = await stage.openInstance('desk');
  const contact = stage.sandbox.contact(ann);
  const first = await stage.sandbox.sendFrom(ann, phone, 'good morning');
  await stage.hook.next(({ event }) => event.data?.id === first, 'the message');
  const body = { to: ann, type: 'text', text: 'hello' };
  const sent = await stage.call('POST', '/v1/instances/desk/messages', body);
  await contact.react(phone, sent.body.id, '👍');
  await contact.edit(phone, first, 'good evening');
  for (const type of ['message.reaction', 'message.edited'])
    await stage.hook.next(({ event }) => event.type === type, type);
  await stage.call('PATCH', `/v1/instances/desk/chats/${ann}`, { pinned: true, ephemeralSeconds: 86_400 });
}

it('restores messages with their marks, chats and contacts', { timeout: 120_000 }, async () => {
  await talk();
  await stage.call('POST', '/v1/instances/desk/disconnect');
  await stage.untilState('desk', 'stopped');
  const before = await shown();
  expect(before[0].items.length).toBeGreaterThanOrEqual(2);
  expect(before[3]).toMatchObject({ pinned: true, ephemeralSeconds: 86_400, unreadCount: 1 });
  const folder = join(stage.dir, 'backups');
  await elenco(['backup', folder], join(stage.dir, 'data'));
  await stage.stopGateway();
  const [file = ''] = await readdir(folder);
  const elsewhere = join(stage.dir, 'elsewhere');
  await elenco(['restore', join(folder, file)], elsewhere);
  await stage.startGateway({ DATA_DIR: elsewhere });
  expect(await shown()).toEqual(before);
  expect(before[1].items.map((one: { text: string }) => one.text)).toEqual(['good evening', 'hello']);
});
