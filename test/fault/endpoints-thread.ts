/** The endpoints of a fault run in a thread of their own, so that a busy sandbox does not make them look late. */
import { parentPort } from 'node:worker_threads';
import { type Arrival, Endpoint, type EndpointCounts, type Manner, manners } from './endpoints.ts';

export type EndpointsSaid =
  | { kind: 'listening'; urls: Readonly<Record<Manner, string>> }
  | { kind: 'seen'; name: Manner; arrivals: readonly Arrival[]; counts: EndpointCounts };

const reportPeriodMs = 50;
const port = parentPort;
if (!port) throw new Error('this is a thread of test/fault/webhooks.ts');
const say = (said: EndpointsSaid): void => port.postMessage(said);
const endpoints = await Promise.all(manners.map((name) => Endpoint.start(name)));
const entries = endpoints.map(({ name, url }) => [name, url] as const);
say({ kind: 'listening', urls: Object.fromEntries(entries) as Record<Manner, string> });

port.on('message', (areBad: boolean) => {
  for (const endpoint of endpoints) endpoint.manner = areBad ? endpoint.name : 'fine';
});
setInterval(() => {
  for (const { name, arrivals, counts } of endpoints)
    say({ kind: 'seen', name, arrivals: arrivals.splice(0), counts });
}, reportPeriodMs);
