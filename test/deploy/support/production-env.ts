/**
 * deploy/production.env, made from the settings. Run this file to write it:
 * `npx node test/deploy/support/production-env.ts`; a test fails while the file is behind.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settings } from '../../../src/config.ts';
import { root } from './tools.ts';

export const file = join(root, 'deploy/production.env');

const head = `# Settings of Elenco in production. Copy this file to production.env in the folder of Elenco
# (\`cp deploy/production.env production.env && chmod 600 production.env\`) and take out the # where
# the default does not fit. The environment wins over this file. pm2.config.cjs, the \`elenco\`
# command and the systemd unit read it; docs/configuration.md says more. Made from src/config.ts.

# Node itself. pm2.config.cjs and the systemd unit set these.
NODE_ENV=production
UV_THREADPOOL_SIZE=128

# What pm2.config.cjs alone reads: the heap of the main thread in MB, memory before speed (false: half
# as much memory again, and messages for little more than half of the CPU, docs/sizing.md), the memory at which
# PM2 restarts the process (all threads and the mapped store count), and where PM2 writes stdout and stderr.
#PM2_HEAP_MB=8192
#PM2_OPTIMIZE_FOR_SIZE=true
#PM2_MEMORY_MAX=12G
#PM2_LOG_DIR=logs
`;

/** Set in production whatever the default is: an example that the operator must replace or confirm. */
const given: Readonly<Record<string, string>> = { HOST: '127.0.0.1' };
const why: Readonly<Record<string, string>> = {
  HOST: 'Behind a reverse proxy on the same machine; 0.0.0.0 listens on every address.',
  API_KEY: 'Set it: a key that Elenco makes is printed once, into the log of the process manager.',
  TRUSTED_PROXIES: 'With a reverse proxy on this machine: 127.0.0.1/32,::1/128',
  MAX_INSTANCES: 'See docs/sizing.md.',
  BACKUP_PASSPHRASE: 'Keep it elsewhere too: without it a backup is worthless.',
};

export function productionEnv(): string {
  const parts = Object.entries(settings).map(([name, { takes, fallback, about }]) => {
    const value = given[name];
    const more = why[name] ? `\n# ${why[name]}` : '';
    const line = value === undefined ? `#${name}=${fallback}` : `${name}=${value}`;
    return `# ${about}${more}\n# Takes ${takes}.\n${line}\n`;
  });
  return `${head}\n${parts.join('\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, productionEnv());
