/**
 * Runs a bench script in a fresh process and returns the JSON that it prints on its last line. Rounds go
 * through the variants forth, then back, so that no variant always follows the same one.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export async function runFresh<T>(script: URL, args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const last = text.trim().split('\n').at(-1);
  if (code !== 0 || last === undefined)
    throw new Error(`${script.pathname} ${args.join(' ')} ended with ${code}`);
  return JSON.parse(last) as T;
}

/** One result per variant and round, in alternated order. */
export async function runRounds<T>(
  variants: readonly string[],
  rounds: number,
  run: (variant: string) => Promise<T>,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? variants : [...variants].reverse();
    for (const variant of order) results.get(variant)?.push(await run(variant));
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  return results;
}
