/**
 * The endpoint of the webhook bench in a process of its own, so that its CPU is not counted: answers 200 to
 * every POST, and to GET how many came and how old they were (ms since `"at":` in the body). Prints its port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { quantile } from './lib/figures.ts';

let count = 0;
let ages: number[] = [];
const agesKept = 200_000;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ count, p50Ms: quantile(ages, 0.5), p99Ms: quantile(ages, 0.99) }));
    count = 0;
    ages = [];
    return;
  }
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    count += 1;
    const at = /"at":(\d+)/.exec(Buffer.concat(parts).toString('latin1'))?.[1];
    if (at !== undefined && ages.length < agesKept) ages.push(Date.now() - Number(at));
    response.writeHead(200, { 'content-length': 0 }).end();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
