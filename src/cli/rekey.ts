/** `elenco rekey`: encrypts the stored values with DATA_KEY_NEXT instead of DATA_KEY; the gateway is stopped. */
import { rekey } from '../backup/rekey.ts';
import { iso, systemClock } from '../clock.ts';
import { loadConfig } from '../config.ts';
import { Refusal } from './refusal.ts';

export async function rekeyCommand(argv: readonly string[]): Promise<number> {
  if (argv.length > 0)
    throw new Refusal('say: elenco rekey   (DATA_KEY is the key now, DATA_KEY_NEXT the new one)');
  const { dataDir, dataKey: from, dataKeyNext: to } = loadConfig();
  if (from === to) throw new Refusal('DATA_KEY and DATA_KEY_NEXT are the same: there is nothing to do');
  const rows = await rekey({ dataDir, from, to, now: iso(systemClock.now()) });
  const next = to === null ? 'Empty DATA_KEY' : 'Put DATA_KEY_NEXT into DATA_KEY and empty it';
  console.error(
    `${rows} rows ${to === null ? 'decrypted' : 'encrypted anew'}. ${next}, then start the gateway.`,
  );
  return 0;
}
