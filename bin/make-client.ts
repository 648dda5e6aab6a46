/**
 * Builds `elenco/client` into dist/client: types from /openapi.json, then src/client as .js and .d.ts. Run by
 * `npm run client`, by `npm run check` and, through npm's `prepare`, by every install from a clone. Does
 * nothing while the result is up to date.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeApi } from '../src/http/describe.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist', 'client');
const stamp = join(target, 'made-from');

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

/** Everything that the result depends on. */
function fingerprint(document: string): string {
  const hash = createHash('sha256').update(document);
  const sources = [...globSync('src/client/*', { cwd: root }), 'bin/make-client.ts', 'package-lock.json'];
  for (const file of sources.toSorted()) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** The generator prints with TypeScript's old API, which 7 no longer has: 6 stands beside it under its own name. */
function bringTypeScript6(): void {
  registerHooks({
    resolve: (name, context, next) => next(name === 'typescript' ? '@typescript/typescript6' : name, context),
  });
}

/** One line an operation: `'GET /path': { input; answers }`, by the names that the generator gives. */
function operationsOf({ paths }: Described, types: string): string {
  const lines = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => {
      const name = `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}`;
      if (!types.includes(`export type ${name}Data = `)) throw new Error(`${operationId} has no types`);
      const answers = types.includes(`export type ${name}Responses = `) ? `${name}Responses` : 'unknown';
      return `    '${method.toUpperCase()} ${path}': { input: ${name}Data; answers: ${answers} };`;
    }),
  );
  return `\nexport interface Operations {\n${lines.join('\n')}\n}\n`;
}

async function writeTypes(document: string): Promise<void> {
  bringTypeScript6();
  const { createClient } = await import('@hey-api/openapi-ts');
  const made = join(root, '.tmp', 'client');
  await createClient({
    input: JSON.parse(document),
    output: { path: made, clean: true },
    plugins: ['@hey-api/typescript'],
    logs: { level: 'silent' },
  });
  const types = readFileSync(join(made, 'types.gen.ts'), 'utf8');
  writeFileSync(join(target, 'api.d.ts'), types + operationsOf(JSON.parse(document) as Described, types));
}

/** Absent after `npm ci --omit=dev`: a gateway runs without the client. */
function hasGenerator(): boolean {
  return existsSync(join(root, 'node_modules', '@hey-api', 'openapi-ts'));
}

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const document = JSON.stringify(describeApi(version));
const wanted = fingerprint(document);
if (!hasGenerator()) {
  if (!process.argv.includes('--optional')) throw new Error('the generator is not installed: run `npm ci`');
  console.log('elenco/client is not built: development packages are left out');
} else if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await writeTypes(document);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'src', 'client')], { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
}
