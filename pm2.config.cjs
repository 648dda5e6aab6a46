// PM2: one fork-mode process (the shards are threads of it), on the Node that this project pins.
// `npx pm2 start pm2.config.cjs --env production` — PM2 itself is not a dependency.
const { join } = require('node:path');

module.exports = {
  apps: [
    {
      name: 'elenco',
      script: 'src/main.ts',
      cwd: __dirname,
      interpreter: join(__dirname, 'node_modules', 'node', 'bin', 'node'),
      node_args: ['--expose-gc', '--max-old-space-size=8192', '--optimize-for-size'],
      exec_mode: 'fork',
      instances: 1,
      // The gateway says when it serves; beyond the drain deadline (DRAIN_TIMEOUT_MS, 15 s) it is killed.
      wait_ready: true,
      listen_timeout: 30_000,
      kill_timeout: 20_000,
      max_memory_restart: '12G',
      exp_backoff_restart_delay: 200,
      max_restarts: 50,
      merge_logs: true,
      out_file: 'data/logs/elenco.log',
      error_file: 'data/logs/elenco.err.log',
      env: { NODE_ENV: 'development' },
      env_production: { NODE_ENV: 'production', UV_THREADPOOL_SIZE: '128' },
    },
  ],
};
