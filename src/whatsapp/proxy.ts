/**
 * The agent through which one instance reaches WhatsApp: `http:` and `https:` proxies by CONNECT, `socks:`,
 * `socks4:`, `socks5:` (and their `a`/`h` forms, which resolve names at the proxy). Called by `connect.ts`;
 * never used for webhooks.
 */
import type { Agent } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { AppError } from '../errors.ts';

const isHttp = /^https?:$/;
const isSocks = /^socks(4a?|5h?)?:$/;

/** Undefined without a proxy. Rejects `validation_failed` for a URL that names no kind of proxy. */
export function proxyAgent(url: string | null): Agent | undefined {
  if (url === null) return undefined;
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (isHttp.test(protocol)) return asAgent(new HttpsProxyAgent(url));
  if (isSocks.test(protocol)) return asAgent(new SocksProxyAgent(url));
  throw new AppError('validation_failed', 'The proxy must be an http, https or socks URL.');
}

/** Both make their own sockets and stand in wherever Baileys and ws take an agent. */
const asAgent = (agent: HttpsProxyAgent<string> | SocksProxyAgent): Agent => agent as unknown as Agent;
