/** `elenco instances`: all that the key may see, as a table or (`--json`) as the API gives them. */
import type { Answer } from '../client/elenco.ts';
import { readAsked } from './access.ts';
import { shownParty } from './party.ts';

type Listed = Answer<'GET /v1/instances'>;
type Instance = Listed['items'][number];

const pageSize = 200;

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
  return lines.map((line) => line.trimEnd()).join('\n');
}

const row = ({ id, state, stateSince, me, shard, lastError }: Instance): string[] => [
  ...[id, state, stateSince, me ? shownParty(me) : '-', me?.name ?? '-', String(shard)],
  lastError?.code ?? '-',
];

export async function instancesCommand(argv: readonly string[]): Promise<number> {
  const shape = 'instances [--state STATE] [--json]';
  const { elenco, isJson, option } = readAsked(argv, { shape, words: [0, 0], options: ['state'] });
  const state = option('state');
  const all: Instance[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: Record<string, string | number> = { limit: pageSize };
    if (cursor !== '') query['cursor'] = cursor;
    if (state !== undefined) query['state'] = state;
    const page: Listed = await elenco.get('/v1/instances', { query });
    all.push(...page.items);
    cursor = page.next;
  }
  if (isJson) console.log(JSON.stringify(all, null, 2));
  else if (all.length === 0) console.log('no instances');
  else
    console.log(table([['ID', 'STATE', 'SINCE', 'NUMBER', 'NAME', 'SHARD', 'LAST ERROR'], ...all.map(row)]));
  return 0;
}
