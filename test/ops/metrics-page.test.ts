/** docs/metrics.md names every metric of a running gateway, and no other; the dashboard and rules use only those. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../deploy/support/tools.ts';
import { type Stage, startStage } from '../e2e/support/stage.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documented = new Map(
  [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(
    ([, name = '', kind = '', labels = '']) => [name, { kind, labels: labels.trim() }] as const,
  ),
);
const recorded = [...read('deploy/prometheus/elenco.rules.yml').matchAll(/record: (\S+)/g)].map(
  ([, name]) => name,
);
const expressions = (): string[] => {
  const rules = [
    ...read('deploy/prometheus/elenco.rules.yml').matchAll(/expr: (?:>-\n((?: {10}.*\n)+)|(.*))/g),
  ];
  const dashboard = JSON.parse(read('deploy/grafana/elenco.json')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return [...rules.map(([, block, line]) => block ?? line ?? ''), ...shown];
};

let stage: Stage;
let text: string;
beforeAll(async () => {
  stage = await startStage();
  text = (await stage.call('GET', '/metrics')).body;
});
afterAll(() => stage.stop());

describe('docs/metrics.md', () => {
  it('has every metric with its kind, and no other', () => {
    const served = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
    const page = [...documented].map(([name, { kind }]) => `${name} ${kind}`);
    expect(page.toSorted()).toEqual(served.toSorted());
  });

  it('every label that is served', () => {
    for (const [, series = '', labels = ''] of text.matchAll(/^(\w+)\{([^}]*)\} /gm)) {
      const found = documented.get(series) ?? documented.get(series.replace(/_(bucket|sum|count)$/, ''));
      for (const [, label = ''] of labels.matchAll(/(\w+)="/g))
        if (label !== 'le') expect(found?.labels.split(', '), `${label} of ${series}`).toContain(label);
    }
  });
});

it('a thread that was restarted, and what is under way in it, is shown by actor', async () => {
  const { shards } = stage.gateway.actors;
  await shards[0]?.crash();
  await stage.until(() => shards[0]?.load.starts === 2 && shards[0].state === 'ready', 'shard-0 is back');
  const page: string = (await stage.call('GET', '/metrics')).body;
  const starts = [...page.matchAll(/^elenco_actor_starts_total\{actor="(\S+?)",thread="main"\} (\d+)$/gm)];
  expect(Object.fromEntries(starts.map(([, actor, count]) => [actor, count]))).toEqual({
    webhooks: '1',
    'shard-0': '2',
    'shard-1': '1',
  });
  for (const name of ['messages_in_flight', 'asks_in_flight', 'asks_timed_out_total', 'refused_total'])
    expect(page).toMatch(new RegExp(`^elenco_actor_${name}\\{actor="shard-1",thread="main"\\} \\d+$`, 'm'));
});

describe('rules and dashboard', () => {
  it('name only metrics that exist or are recorded', () => {
    const all = expressions();
    expect(all.length).toBeGreaterThan(50);
    for (const expression of all) {
      const names = expression.match(/\b(?:up(?=\{)|(?:elenco|process)[_:][a-z0-9_:]+)/g) ?? [];
      expect(names.length, expression).toBeGreaterThan(0);
      for (const name of names) {
        const base = name.replace(/_(bucket|sum|count)$/, '');
        const isThere =
          name === 'up' || documented.has(name) || documented.has(base) || recorded.includes(name);
        expect(isThere, `${name} in ${expression}`).toBe(true);
      }
    }
  });

  it('every metric of an instance state, and every alert, has a panel or a rule', () => {
    const used = expressions().join(' ');
    for (const name of documented.keys())
      if (name.startsWith('elenco_instances_')) expect(used).toContain(name);
  });

  it('every runbook link leads to a heading', () => {
    const links = [...read('deploy/prometheus/elenco.rules.yml').matchAll(/runbook: (\S+)#(\S+)/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [, page = '', anchor = ''] of links) {
      const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(headings).toContain(anchor);
    }
  });
});
