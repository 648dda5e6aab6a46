/** `elenco/client` as users get it: packed, put under node_modules, imported by plain JavaScript and by TypeScript. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminKey } from '../http/support/fake-commands.ts';
import { startTestFront } from '../http/support/start.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'elenco-client-'));
  await run(process.execPath, ['bin/guard.mjs', 'bin/make-client.ts'], { cwd: root });
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir], {
    cwd: root,
  });
  const [{ filename }] = JSON.parse(packed.stdout);
  const modules = join(dir, 'node_modules');
  await mkdir(join(modules, 'elenco'), { recursive: true });
  await run('tar', ['xzf', join(dir, filename), '-C', join(modules, 'elenco'), '--strip-components', '1']);
  await cp(join(root, 'node_modules/eventsource-parser'), join(modules, 'eventsource-parser'), {
    recursive: true,
  });
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
  // npm alone takes seconds on a busy machine.
}, 120_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

const program = `
import { createElenco, ElencoError } from 'elenco/client';
const elenco = createElenco({ url: process.argv[2], key: process.argv[3] });
const made = await elenco.post('/v1/instances', { body: { id: 'shop', connect: false } });
const refused = await elenco.get('/v1/instances/{id}', { path: { id: 'nobody' } }).catch((error) => error);
console.log(JSON.stringify([made.id, refused instanceof ElencoError, refused.code, refused.status]));
`;

it('works in plain JavaScript', async () => {
  await using t = await startTestFront();
  await writeFile(join(dir, 'program.js'), program);
  const { stdout } = await run(process.execPath, ['program.js', t.front.url, adminKey], { cwd: dir });
  expect(JSON.parse(stdout)).toEqual(['shop', true, 'instance_not_found', 404]);
});

const typed = `
import { createElenco, type ElencoEvent, type Message } from 'elenco/client';
const elenco = createElenco({ url: 'http://127.0.0.1:3000', key: 'key' });
export const sent: Message = await elenco.post('/v1/instances/{id}/messages', {
  path: { id: 'shop' },
  body: { type: 'text', to: '5511988887777', text: 'hi' },
});
export const text = (event: ElencoEvent): string | null =>
  event.type === 'message.received' ? event.data.text : null;
// @ts-expect-error: the path needs an id
await elenco.get('/v1/instances/{id}');
// @ts-expect-error: nothing is posted there
await elenco.post('/v1/nowhere');
// @ts-expect-error: not a state
await elenco.get('/v1/instances', { query: { state: 'sleeping' } });
`;

it('is typed for TypeScript, its own declarations included', async () => {
  await writeFile(join(dir, 'typed.ts'), typed);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const options = [...flags, 'false', ...types, '--lib', 'es2024'];
  const outcome = await run(process.execPath, [compiler, ...options, 'typed.ts'], { cwd: dir }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(outcome).toBe('');
});
