/**
 * The gateway that everybody writes first: stock Baileys, node:http and webhooks by undici, in
 * one thread, keys in memory and one JSON file at the end. Same paths as ours, so that one driver loads both.
 * `baseline-gateway.ts URL PORT FILE`. Not durable, not authenticated, not a product.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { WAMessage } from '@whiskeysockets/baileys';
import { Agent, request } from 'undici';
import { silenceConsole } from '../src/whatsapp/console.ts';
import { BaselineAccount } from './baseline-account.ts';

const [url = '', port = '0', file = ''] = process.argv.slice(2);
const connectsAtOnce = 8;
const agent = new Agent({ connections: 25 });
const accounts = new Map<string, { account: BaselineAccount; webhook: string; qr: string }>();
const queue: BaselineAccount[] = [];
const connecting = new Set<BaselineAccount>();

function connectNext(): void {
  while (connecting.size < connectsAtOnce) {
    const account = queue.shift();
    if (!account) return;
    connecting.add(account);
    account.connect();
  }
}

function settle(account: BaselineAccount): void {
  if (connecting.delete(account)) connectNext();
}

async function post(webhook: string, instance: string, message: WAMessage): Promise<void> {
  const { conversation, extendedTextMessage } = message.message ?? {};
  const text = conversation ?? extendedTextMessage?.text ?? null;
  const body = JSON.stringify({ type: 'message.received', instance, data: { key: message.key, text } });
  const headers = { 'content-type': 'application/json' };
  const answer = await request(webhook, { method: 'POST', headers, body, dispatcher: agent });
  await answer.body.dump();
}

function add(id: string, webhook: string, saved?: string): void {
  const account: BaselineAccount = new BaselineAccount(
    url,
    {
      onQr: (qr) => {
        entry.qr = qr;
        settle(account);
      },
      onOpen: () => settle(account),
      onMessage: (message) => void post(webhook, id, message).catch(() => undefined),
    },
    saved,
  );
  const entry = { account, webhook, qr: '' };
  accounts.set(id, entry);
  queue.push(account);
  connectNext();
}

const stateOf = (account: BaselineAccount): string => (account.isOpen ? 'open' : 'connecting');

async function read(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return parts.length > 0 ? (JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>) : {};
}

async function untilQr(id: string): Promise<string> {
  for (;;) {
    const qr = accounts.get(id)?.qr ?? '';
    if (qr !== '') return qr;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function sendMessage(id: string, body: Record<string, unknown>): Promise<object> {
  const to = String(body['to']);
  const sent = await accounts
    .get(id)
    ?.account.send(to.includes('@') ? to : `${to}@s.whatsapp.net`, String(body['text']));
  return { id: sent, status: 'sent' };
}

async function answer(incoming: IncomingMessage): Promise<[number, unknown]> {
  const path = (incoming.url ?? '').split('?')[0] ?? '';
  const [, , , id = '', what = ''] = path.split('/');
  if (path === '/monitoring/health') {
    const open = [...accounts.values()].filter(({ account }) => account.isOpen).length;
    return [200, { status: 'ok', instances: { open } }];
  }
  if (path === '/monitoring/gc') return [200, globalThis.gc?.() ?? null];
  const body = incoming.method === 'POST' ? await read(incoming) : {};
  if (path === '/v1/instances') {
    add(String(body['id']), String((body['webhook'] as { url: string }).url));
    return [201, { id: body['id'] }];
  }
  if (what === 'qr') return [200, { qr: await untilQr(id) }];
  if (what === 'messages') return [201, await sendMessage(id, body)];
  const found = accounts.get(id);
  return found ? [200, { id, state: stateOf(found.account) }] : [404, {}];
}

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await answer(incoming).catch((error): [number, unknown] => [
    500,
    { error: String(error) },
  ]);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

process.on('SIGTERM', () => {
  const saved = [...accounts].map(([id, { account, webhook }]) => ({ id, webhook, auth: account.saved() }));
  writeFileSync(file, JSON.stringify(saved));
  process.exit(0);
});
const print = console.log;
silenceConsole();
const server = createServer((incoming, response) => void serve(incoming, response));
server.listen(Number(port), '127.0.0.1', () => {
  if (existsSync(file)) {
    const saved = JSON.parse(readFileSync(file, 'utf8')) as { id: string; webhook: string; auth: string }[];
    for (const { id, webhook, auth } of saved) add(id, webhook, auth);
  }
  print('baseline is up');
});
