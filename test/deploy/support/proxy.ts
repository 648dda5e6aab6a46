/** nginx and HAProxy from the configurations of deploy/, with ports, certificate and servers of a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import selfsigned from 'selfsigned';
import { findTool, root, toolEnvironment } from './tools.ts';

export interface RunningProxy {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** What the program itself says of its configuration. */
  readonly check: { readonly argv: readonly string[] };
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Ports {
  readonly http: number;
  readonly https: number;
}

interface Servers {
  readonly active: number;
  readonly standby: number;
}

async function certificate(dir: string): Promise<void> {
  const { cert, private: key } = await selfsigned.generate([
    { name: 'commonName', value: 'elenco.example.com' },
  ]);
  await writeFile(join(dir, 'fullchain.pem'), cert);
  await writeFile(join(dir, 'privkey.pem'), key);
  await writeFile(join(dir, 'elenco.pem'), `${cert}\n${key}`);
}

async function nginxFile(dir: string, ports: Ports, servers: Servers): Promise<string[]> {
  const text = (await readFile(join(root, 'deploy/nginx/elenco.conf'), 'utf8'))
    .replaceAll('/etc/ssl/elenco', dir)
    .replace('127.0.0.1:3000', `127.0.0.1:${servers.active}`)
    .replace('# server 10.0.0.2:3000', `server 127.0.0.1:${servers.standby}`)
    .replaceAll(/^ +listen \[.*\n/gm, '')
    .replace('listen 80;', `listen 127.0.0.1:${ports.http};`)
    .replace('listen 443', `listen 127.0.0.1:${ports.https}`);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = temp.map((name) => `${name}_temp_path ${join(dir, name)};`).join('\n');
  const around = `daemon off; pid ${join(dir, 'pid')}; error_log ${join(dir, 'error.log')};
events {} http { access_log off; ${paths}\n${text} }`;
  await writeFile(join(dir, 'nginx.conf'), around);
  return ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')];
}

async function haproxyFile(dir: string, ports: Ports, servers: Servers): Promise<string[]> {
  const text = (await readFile(join(root, 'deploy/haproxy/haproxy.cfg'), 'utf8'))
    .replaceAll('/etc/haproxy/certs', dir)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${servers.active}`)
    .replaceAll('# server standby 10.0.0.2:3000', `server standby 127.0.0.1:${servers.standby}`)
    .replace('bind :80\n', `bind 127.0.0.1:${ports.http}\n`)
    .replace('bind :443', `bind 127.0.0.1:${ports.https}`);
  await writeFile(join(dir, 'haproxy.cfg'), text);
  return ['-f', join(dir, 'haproxy.cfg')];
}

export const proxies = {
  nginx: { configure: nginxFile, check: ['-t'] },
  haproxy: { configure: haproxyFile, check: ['-c'] },
} as const;
export type ProxyName = keyof typeof proxies;

export async function startProxy(name: ProxyName, dir: string, servers: Servers): Promise<RunningProxy> {
  await mkdir(dir, { recursive: true });
  await certificate(dir);
  const ports = { http: await freePort(), https: await freePort() };
  const { configure, check } = proxies[name];
  const argv = await configure(dir, ports, servers);
  const options = { stdio: 'ignore', env: toolEnvironment() } as const;
  const running: ChildProcess = spawn(findTool(name) ?? name, argv, options);
  const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
  await Promise.race([
    untilListening(ports.https),
    ended.then(() => Promise.reject(new Error(`${name} ended at once`))),
  ]);
  return {
    httpPort: ports.http,
    httpsPort: ports.https,
    check: { argv: [...check, ...argv] },
    async stop() {
      running.kill('SIGTERM');
      await ended;
    },
  };
}

/** One request over TLS; `onText` sees the body as it comes and ends the request by answering true. */
export function ask(
  port: number,
  path: string,
  options: {
    method?: string;
    headers?: Record<string, string>;
    body?: string;
    onText?: (text: string) => boolean;
  } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body: sent, onText } = options;
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, method, headers, rejectUnauthorized: false, agent: false },
      (response) => {
        let body = '';
        const answer = (): Answer => ({ status: response.statusCode ?? 0, headers: response.headers, body });
        response.on('data', (text) => {
          body += text;
          if (!onText?.(body)) return;
          resolve(answer());
          asked.destroy();
        });
        response.on('end', () => resolve(answer()));
        response.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end(sent);
  });
}
