/** What lies in deploy/: the settings file is current, configurations are accepted by the real tools. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, settings } from '../../src/config.ts';
import { file, productionEnv } from './support/production-env.ts';
import { isMissing, root, runTool } from './support/tools.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The flags of Node that PM2 would start with, with these settings. */
const pm2Flags = (env: Readonly<Record<string, string>>): string =>
  execFileSync(process.execPath, ['-p', "require('./pm2.config.cjs').apps[0].node_args.join(' ')"], {
    ...{ cwd: root, encoding: 'utf8', env },
  });

describe('production.env', () => {
  it('is what the settings say (else run test/deploy/support/production-env.ts)', () => {
    expect(readFileSync(file, 'utf8')).toBe(productionEnv());
  });

  it('has every setting once, and every line of it is taken as it stands', () => {
    const text = read('deploy/production.env');
    const lines = [...text.matchAll(/^#?([A-Z][A-Z0-9_]+)=(.*)$/gm)];
    const env = Object.fromEntries(lines.map(([, name, value]) => [name, value]));
    const others = [
      ...['NODE_ENV', 'UV_THREADPOOL_SIZE'],
      ...['PM2_HEAP_MB', 'PM2_OPTIMIZE_FOR_SIZE', 'PM2_MEMORY_MAX', 'PM2_LOG_DIR'],
    ];
    expect(lines.map(([, name]) => name)).toEqual([...others, ...Object.keys(settings)]);
    expect(() => loadConfig(env)).not.toThrow();
  });
});

describe('one process and enough time to stop', () => {
  it('every way to run it has the flags, the file limit and a stop beyond the drain deadline', () => {
    const flags = '--expose-gc --max-old-space-size=8192 --optimize-for-size';
    const unit = read('deploy/systemd/elenco.service');
    const docker = read('deploy/docker/Dockerfile');
    const compose = read('deploy/docker/compose.yml');
    const drainSeconds = Number(settings.DRAIN_TIMEOUT_MS.fallback) / 1_000;
    expect(unit).toContain(flags);
    expect(docker.replaceAll('", "', ' ')).toContain(flags);
    expect(pm2Flags({})).toContain(flags);
    expect(pm2Flags({ PM2_OPTIMIZE_FOR_SIZE: 'false' })).not.toContain('--optimize-for-size');
    expect(() => pm2Flags({ PM2_OPTIMIZE_FOR_SIZE: 'off' })).toThrow(/is "off": it takes true or false/);
    expect(unit).toContain('LimitNOFILE=65536');
    expect(compose).toMatch(/soft: 65536/);
    expect(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1])).toBeGreaterThan(drainSeconds);
    expect(Number(/stop_grace_period: (\d+)s/.exec(compose)?.[1])).toBeGreaterThan(drainSeconds);
    expect(compose).not.toMatch(/replicas|scale/);
  });

  it('everything that a Dockerfile copies is in the repository and let through', () => {
    const ignore = read('deploy/docker/Dockerfile.dockerignore');
    const copied = [...read('deploy/docker/Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)];
    const paths = copied.flatMap(([, list = '']) => list.split(' '));
    expect(paths).toContain('src');
    for (const path of paths) {
      expect(ignore).toContain(`!${path}`);
      expect(existsSync(join(root, path)), path).toBe(true);
    }
  });
});

describe('tools', () => {
  it.skipIf(isMissing('promtool'))(
    'promtool accepts the rules, and they fire (skipped without promtool)',
    () => {
      const folder = join(root, 'deploy/prometheus');
      const checked = runTool('promtool', ['check', 'rules', join(folder, 'elenco.rules.yml')]);
      expect(checked.output).toContain('SUCCESS');
      const tested = runTool('promtool', ['test', 'rules', join(folder, 'elenco.rules.test.yml')]);
      expect(tested.output).toContain('SUCCESS');
    },
  );

  it.skipIf(isMissing('systemd-analyze'))(
    'systemd accepts the unit (skipped without systemd-analyze)',
    () => {
      const unit = join(root, 'deploy/systemd/elenco.service');
      const { output } = runTool('systemd-analyze', ['verify', '--man=no', unit]);
      // What it says of this file alone: /opt/elenco is not here.
      const ours = output.split('\n').filter((line) => line.includes('elenco.service'));
      const known = /is not executable|Unknown key( name)? 'Restart(Steps|MaxDelaySec)'/;
      expect(ours.filter((line) => !known.test(line))).toEqual([]);
    },
  );
});
