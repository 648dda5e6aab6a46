/**
 * One side of `bench/http.ts` in a process of its own: a gateway that answers a state query, or bare node:http
 * that gives the same bytes. Prints CPU of the serving thread a request, and what the client saw.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { loadConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { createLog } from '../src/log.ts';
import type { ClientOrder, ClientReport } from './http-client.ts';

export interface SideReport extends ClientReport {
  readonly cpuUs: number;
}

const key = 'bench-key-of-the-http-path';
const id = 'state-query';
const path = `/v1/instances/${id}`;

interface Server {
  readonly origin: string;
  stop(): Promise<void>;
}

async function startOurs(): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'elenco-bench-http-'));
  const gateway = await startGateway({
    config: loadConfig({
      ...{ HOST: '127.0.0.1', PORT: '0', API_KEY: key, DATA_DIR: dir, SHARDS: '1', LOG_LEVEL: 'silent' },
      // Counted, and never reached.
      ...{ RATE_LIMIT_QUERIES: '100000000/1m', WA_SOCKET_URL: 'ws://127.0.0.1:9/' },
    }),
    log: createLog('silent'),
    onFatal: (reason) => {
      throw new Error(reason);
    },
  });
  await gateway.commands.createInstance({ id, connect: false });
  return {
    origin: gateway.url,
    async stop() {
      await gateway.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What the gateway answers, given by Node alone. */
async function startBare(): Promise<Server> {
  const ours = await startOurs();
  const answer = await fetch(`${ours.origin}${path}`, { headers: { authorization: `Bearer ${key}` } });
  const body = Buffer.from(await answer.arrayBuffer());
  await ours.stop();
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'content-length': body.length };
  const server = createServer((_request, response) => response.writeHead(200, headers).end(body));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const [variant = '', count = '20000'] = process.argv.slice(2);
const server = await (variant === 'bare' ? startBare() : startOurs());
const order: ClientOrder = { origin: server.origin, path, key };
const client = new Worker(new URL('./http-client.ts', import.meta.url), { workerData: order });

async function run(requests: number): Promise<SideReport> {
  const before = process.threadCpuUsage();
  client.postMessage(requests);
  const [report] = (await once(client, 'message')) as [ClientReport];
  const { user, system } = process.threadCpuUsage(before);
  return { ...report, cpuUs: (user + system) / requests };
}

await run(Math.ceil(Number(count) / 4));
const report = await run(Number(count));
await client.terminate();
await server.stop();
console.log(JSON.stringify(report));
