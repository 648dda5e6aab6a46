/** The guides hold: links lead somewhere, routes, settings and commands that they name exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settings } from '../../src/config.ts';
import { alertNames } from '../../src/protocol/operations.ts';
import { judgeClose } from '../../src/shard/close-causes.ts';
import { root } from '../deploy/support/tools.ts';
import { allRoutes } from '../http/support/start.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const below = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = ['README.md', 'README.pt-BR.md', ...below('docs'), ...below('docs/pt-BR')].filter((path) =>
  existsSync(join(root, path)),
);
const guides = ['quick-start', 'operations', 'troubleshooting', 'sizing', 'pt-BR/quick-start'].map(
  (name) => `docs/${name}.md`,
);

const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(pages)('%s', (page) => {
  it('links lead to files and headings that exist', () => {
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(root, target)), `${link} in ${page}`).toBe(true);
      if (anchor) expect(anchorsOf(target), `${link} in ${page}`).toContain(anchor);
    }
  });
});

describe.each(guides)('%s', (page) => {
  const text = read(page);

  it('names only settings that exist', () => {
    const others = [
      'NODE_ENV',
      'UV_THREADPOOL_SIZE',
      'PM2_LOG_DIR',
      'PM2_OPTIMIZE_FOR_SIZE',
      'API_KEY',
      'ELENCO_URL',
      'ELENCO_KEY',
      'WEBHOOK_SECRET',
      'IP',
      'EADDRINUSE',
      'SIGTERM',
    ];
    const known = [...Object.keys(settings), ...others];
    for (const [, name = ''] of text.matchAll(/[`$]([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b/g))
      expect(known, `${name} in ${page}`).toContain(name);
  });

  it('names only routes that are served', () => {
    const served = allRoutes().map(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
    const named = [
      ...text.matchAll(/\$E(\/[^\s"'?`]+)/g),
      ...text.matchAll(/`(?:GET|POST|PUT|DELETE|PATCH) (\/[^\s`?…]+)`/g),
    ];
    for (const [, path = ''] of named) {
      expect(
        served.some((pattern) => pattern.test(path)),
        `${path} in ${page}`,
      ).toBe(true);
    }
  });

  it('names only commands and scripts that exist', () => {
    const usage = read('src/cli/main.ts');
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const [, command = ''] of text.matchAll(/npx elenco (\w+)/g))
      expect(usage).toContain(`elenco ${command}`);
    for (const [, script = ''] of text.matchAll(/npm run (\w+)/g))
      if (script !== 'soak') expect(Object.keys(scripts), `${script} in ${page}`).toContain(script);
  });
});

/** Shell lines as a reader types them: without comments, and without what is translated on purpose. */
const commandsIn = (page: string): string[] =>
  [...read(page).matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) =>
      line
        .replaceAll('vendas', 'sales')
        .replaceAll('COLOQUE-A-CHAVE-AQUI', 'PUT-THE-KEY-HERE')
        .replaceAll('seu.exemplo.com.br', 'your.example.com')
        .replaceAll('pedido-4711', 'order-4711')
        .replaceAll('pronto em', 'done in'),
    );
const linkedIn = (page: string): string[] =>
  [
    ...new Set([...read(page).matchAll(/\]\((docs\/(?!pt-BR|quick-start)[^)#]+)/g)].map(([, to = '']) => to)),
  ].sort();

it('the Portuguese pages have the commands of the English ones, in their order, and lead to the same pages', () => {
  expect(commandsIn('README.pt-BR.md')).toEqual(commandsIn('README.md'));
  expect(commandsIn('docs/pt-BR/quick-start.md')).toEqual(commandsIn('docs/quick-start.md'));
  expect(linkedIn('README.pt-BR.md')).toEqual(linkedIn('README.md'));
});

it('every alert is in the operations guide, and every command in its help', () => {
  for (const name of alertNames) expect(read('docs/operations.md')).toContain(`\`${name}\``);
});

it('troubleshooting has every state and code in which an instance is not open', () => {
  const page = read('docs/troubleshooting.md');
  const [, union = ''] = /type InstanceErrorCode =([^;]+);/.exec(read('src/protocol/instance.ts')) ?? [];
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(page).toContain(`\`${code}\``);
  const causes = [401, 403, 405, 408, 411, 428, 440, 500, 503].map((code) => ({ code, detail: '' }));
  const told = [
    { code: 408, detail: 'QR refs attempts ended' },
    { code: 401, detail: 'passkey' },
  ];
  for (const cause of [...causes, ...told]) {
    const verdict = judgeClose(cause, 'qr', 0);
    if (verdict.decision === 'reopen') continue;
    const state = verdict.decision === 'rest' ? verdict.state : 'reconnecting';
    const row = new RegExp(`^\\| \`${state}\`, [^|]*\`${verdict.error.code}\`[^|]*\\|`, 'm');
    expect(page, `${state}, ${verdict.error.code}`).toMatch(row);
  }
});

it('nothing that people read is left open', () => {
  for (const page of guides) expect(read(page)).not.toMatch(/\b(TODO|TBD|FIXME|XXX)\b/);
});
