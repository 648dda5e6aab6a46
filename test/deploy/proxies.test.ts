/** deploy/nginx and deploy/haproxy before two real gateways: TLS, forwarded address, streaming, failover. */
import { get } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../../src/config.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { createLog } from '../../src/log.ts';
import { adminKey, type Stage, startStage } from '../e2e/support/stage.ts';
import { ask, type ProxyName, type RunningProxy, startProxy } from './support/proxy.ts';
import { isMissing, runTool } from './support/tools.ts';

const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };

const redirect = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/v1/instances' }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', reject);
  });

describe.each<ProxyName>(['nginx', 'haproxy'])(
  '%s (skipped where it is not installed)',
  { timeout: 90_000 },
  (name) => {
    let stage: Stage;
    let standby: Gateway;
    let proxy: RunningProxy;

    beforeEach(async () => {
      if (isMissing(name)) return;
      stage = await startStage({
        TRUSTED_PROXIES: '127.0.0.1/32',
        RATE_LIMIT_QUERIES: '40/1m',
        RATE_LIMIT_INSTANCES: 'off',
      });
      standby = await startGateway({
        config: loadConfig({
          ...{ HOST: '127.0.0.1', PORT: '0', API_KEY: adminKey, DATA_DIR: join(stage.dir, 'standby') },
          ...{ SHARDS: '1', WA_SOCKET_URL: stage.sandbox.url, WA_ROOT_KEY: stage.sandbox.rootKey },
        }),
        log: createLog('silent'),
        onFatal: () => undefined,
      });
      await standby.hosted;
      const portOf = ({ url }: Gateway): number => Number(new URL(url).port);
      const servers = { active: portOf(stage.gateway), standby: portOf(standby) };
      proxy = await startProxy(name, join(stage.dir, 'proxy'), servers);
    });
    afterEach(async () => {
      if (isMissing(name)) return;
      await proxy.stop();
      await standby.stop();
      await stage.stop();
    });

    it.skipIf(isMissing(name))('serves over TLS, streams events, and hands over to the standby', async () => {
      expect(runTool(name, proxy.check.argv)).toMatchObject({ status: 0 });
      const { httpsPort: port } = proxy;
      expect(await redirect(proxy.httpPort)).toBe(301);
      const made = await ask(port, '/v1/instances', { method: 'POST', headers, body: '{"id":"front"}' });
      expect(made.status).toBe(201);
      expect(made.headers['strict-transport-security']).toContain('max-age');
      expect((await ask(port, '/monitoring/health')).status).toBe(200);
      expect((await ask(port, '/metrics', { headers })).body).toContain('elenco_http_requests_total');

      const streamed = ask(port, '/v1/events', {
        headers,
        onText: (text) => text.includes('instance.qr') || text.includes('instance.state'),
      });
      let isStreamed = false;
      void streamed.then(() => {
        isStreamed = true;
      });
      while (!isStreamed) await ask(port, '/v1/instances/front/restart', { method: 'POST', headers });
      expect((await streamed).headers['content-type']).toContain('text/event-stream');

      const url = `wss://127.0.0.1:${port}/v1/events/ws`;
      const socket = new WebSocket(url, {
        headers: { authorization: headers.authorization },
        rejectUnauthorized: false,
      });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const message = new Promise<string>((resolve) => {
        socket.once('message', (data) => resolve(String(data)));
      });
      let isPushed = false;
      void message.then(() => {
        isPushed = true;
      });
      while (!isPushed) await ask(port, '/v1/instances/front/restart', { method: 'POST', headers });
      expect(await message).toContain('front');
      socket.terminate();

      await stage.stopGateway();
      let list = await ask(port, '/v1/instances', { headers });
      while (list.status !== 200) list = await ask(port, '/v1/instances', { headers });
      expect(JSON.parse(list.body)).toMatchObject({ items: [] });
    });

    it.skipIf(isMissing(name))(
      'tells the caller apart by what it saw, not by what the caller claims',
      async () => {
        const statuses: number[] = [];
        for (let at = 0; at < 60; at++) {
          const claimed = { ...headers, 'x-forwarded-for': `203.0.113.${at}` };
          statuses.push((await ask(proxy.httpsPort, '/v1/instances', { headers: claimed })).status);
        }
        expect(statuses).toEqual([...Array(40).fill(200), ...Array(20).fill(429)]);
      },
    );
  },
);
