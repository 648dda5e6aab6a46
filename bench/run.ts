/**
 * The one bench command: `npm run bench -- NAME [--short]` runs `bench/NAME.ts`; without a name it lists them.
 * A full run exits with 1 where a bar is missed; a short one, which CI runs so that benches never rot, says so only.
 */
import { existsSync, readdirSync } from 'node:fs';

const [name = '', ...options] = process.argv.slice(2);
const script = new URL(`./${name}.ts`, import.meta.url);
const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts' && !file.includes('-'))
  .map((file) => file.slice(0, -3));

if (!names.includes(name) || !existsSync(script)) {
  console.error(`usage: npm run bench -- NAME [--short]\nbenches: ${names.join(', ')}`);
  process.exit(2);
}
const { bench } = (await import(script.href)) as { bench: (isShort: boolean) => Promise<boolean> };
const isShort = options.includes('--short');
const areBarsMet = await bench(isShort);
process.exitCode = areBarsMet || isShort ? 0 : 1;
