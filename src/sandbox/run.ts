/**
 * `npm run sandbox`: the WhatsApp server, the gateway beside it, phones that scan every QR, and a webhook
 * receiver. Ctrl-C stops the gateway first. The only file outside config that hands on the environment.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { detach } from '../detach.ts';
import { createLog } from '../log.ts';
import { type GatewayProcess, startGatewayProcess } from './run/gateway-process.ts';
import { mountHooks } from './run/hook-routes.ts';
import { PhonePlayer } from './run/phone-player.ts';
import { type RunOptions, readRunOptions } from './run/run-options.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

const print = (line: string): void => console.log(line);

function fail(error: unknown): never {
  console.error(`sandbox: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function start(options: RunOptions): Promise<Sandbox> {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  return startSandbox({
    port: options.port,
    controlPort: options.controlPort,
    stateFile: join(dataDir, 'sandbox-state'),
    caFile: join(dataDir, 'sandbox-ca.pem'),
    log: createLog('info', { process: 'sandbox' }),
  });
}

/** Everything that the gateway learns about the sandbox. */
const environmentOf = (sandbox: Sandbox, options: RunOptions): Record<string, string> => ({
  WA_SOCKET_URL: sandbox.url,
  WA_ROOT_KEY: sandbox.rootKey,
  NODE_EXTRA_CA_CERTS: sandbox.caFile,
  DATA_DIR: resolve(options.dataDir),
  HOST: '127.0.0.1',
  PORT: String(options.gatewayPort),
  API_KEY: 'sandbox',
});

const firstScreen = (sandbox: Sandbox, options: RunOptions): string => `
  Elenco sandbox: a WhatsApp on this machine. No phone, no network.

  gateway   http://127.0.0.1:${options.gatewayPort}     key: sandbox
  control   ${sandbox.controlUrl}     GET /stats · POST /send · GET /hook
  wire      ${sandbox.url}

  Try:  curl -X POST http://127.0.0.1:${options.gatewayPort}/v1/instances -H 'Authorization: Bearer sandbox' \\
             -H 'content-type: application/json' -d '{"id":"first","webhook":{"url":"${sandbox.controlUrl}/hook"}}'
  Every QR is scanned by itself. Numbers ending in 0001 to 6999 echo what you send, for example 5511988880001.
`;

function stopOnSignals(stop: () => Promise<void>): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      detach(stop(), fail);
    });
  }
}

async function run(options: RunOptions): Promise<void> {
  const sandbox = await start(options);
  mountHooks(sandbox.world, print);
  print(firstScreen(sandbox, options));
  const gateway: GatewayProcess | null = options.isAlone
    ? null
    : startGatewayProcess({ ...process.env, ...environmentOf(sandbox, options) });
  const player = new PhonePlayer(sandbox, `http://127.0.0.1:${options.gatewayPort}`, print);
  const end = async (code: number): Promise<void> => {
    player.stop();
    await sandbox.stop();
    process.exit(code);
  };
  stopOnSignals(async () => end(gateway ? await gateway.stop().then(() => 0) : 0));
  if (!gateway) return;
  detach(player.run(), fail);
  const code = await gateway.exited;
  await end(code);
}

try {
  await run(readRunOptions(process.argv.slice(2)));
} catch (error) {
  fail(error);
}
