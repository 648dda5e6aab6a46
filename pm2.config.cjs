// PM2: one fork-mode process (the shards are threads of it), on the Node that this project pins.
// `pm2 start pm2.config.cjs --env production`; PM2 itself is not a dependency. Settings come from the
// environment, else from production.env beside this file (copy deploy/production.env). Never use cluster
// mode or more than one process: one data folder takes one process.
const { existsSync, readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');

const envFile = join(__dirname, 'production.env');

/** A setting that this file itself needs: from the environment, else from production.env. */
function setting(name, fallback) {
  const text = existsSync(envFile) ? readFileSync(envFile, 'utf8') : '';
  const inFile = new RegExp(`^${name}=(.+)$`, 'm').exec(text)?.[1]?.trim();
  return process.env[name] || inFile || fallback;
}

const favoursSize = setting('PM2_OPTIMIZE_FOR_SIZE', 'true');
if (!['true', 'false'].includes(favoursSize))
  throw new Error(`PM2_OPTIMIZE_FOR_SIZE is ${JSON.stringify(favoursSize)}: it takes true or false`);

// Not below DATA_DIR: PM2 makes this folder only when it reads this file, and a restore begins without DATA_DIR.
const logs = resolve(__dirname, setting('PM2_LOG_DIR', 'logs'));

module.exports = {
  apps: [
    {
      name: 'elenco',
      script: 'src/main.ts',
      cwd: __dirname,
      interpreter: join(__dirname, 'node_modules', 'node', 'bin', 'node'),
      node_args: [
        '--expose-gc',
        `--max-old-space-size=${setting('PM2_HEAP_MB', '8192')}`,
        // A third less memory for 1.8 times the CPU a send: docs/sizing.md.
        ...(favoursSize === 'true' ? ['--optimize-for-size'] : []),
        `--env-file-if-exists=${envFile}`,
      ],
      exec_mode: 'fork',
      instances: 1,
      // The gateway says when it serves. After SIGINT it drains for DRAIN_TIMEOUT_MS at most; only then is it killed.
      wait_ready: true,
      listen_timeout: 30_000,
      kill_timeout: Number(setting('DRAIN_TIMEOUT_MS', '15000')) + 5_000,
      // Resident memory counts the mapped store too: this is the last resort, the heap limit comes first.
      max_memory_restart: setting('PM2_MEMORY_MAX', '12G'),
      // A crash loop: 0.2 s, growing to 15 s between starts, and never a standstill.
      exp_backoff_restart_delay: 200,
      max_restarts: 50,
      // No probes and no stack rewriting of PM2's in a process that holds keys.
      pmx: false,
      disable_source_map_support: true,
      merge_logs: true,
      out_file: join(logs, 'elenco.log'),
      error_file: join(logs, 'elenco.err.log'),
      env: { NODE_ENV: 'development' },
      env_production: { NODE_ENV: 'production', UV_THREADPOOL_SIZE: '128' },
    },
  ],
};
