/**
 * `elenco logs [ID]`: the live events of one instance or of all that the key may see, a line each, until it is
 * interrupted. It resumes by itself when the gateway restarts; `--after POSITION` goes on where another run
 * stopped (the log reaches back EVENTS_RETENTION_HOURS). With `--json` each line is `{ position, event }`.
 */
import type { ElencoEvent, EventType } from '../client/elenco.ts';
import { readAsked } from './access.ts';
import { shownParty } from './party.ts';

const shownMax = 160;
const shape = 'logs [ID] [--types TYPE,…] [--after POSITION] [--json]';

type Data = Readonly<Record<string, unknown>>;

const party = (value: unknown): string =>
  typeof value === 'object' && value !== null ? shownParty(value as Parameters<typeof shownParty>[0]) : '?';

function aboutMessage({ fromMe, from, chat, type, text }: Data): string {
  const who = fromMe ? `to ${party(chat)}` : `from ${party(from)}`;
  return `${who}: ${typeof text === 'string' && text !== '' ? text : `(${String(type)})`}`;
}

/** What a person wants to know of an event, without its line breaks. */
function about(event: ElencoEvent): string {
  const data = event.data as unknown as Data;
  switch (event.type) {
    case 'message.received':
    case 'message.sent':
      return aboutMessage(data);
    case 'message.status':
      return `${String(data['id'])} ${String(data['status'])}, ${party(data['chat'])}`;
    case 'instance.state':
      return `${String(data['previous'])} > ${String(data['state'])}${data['reason'] ? ` (${String(data['reason'])})` : ''}`;
    case 'instance.qr':
      return 'a new QR code: elenco qr shows it';
    default:
      return JSON.stringify(data);
  }
}

function line(event: ElencoEvent): string {
  const text = about(event).replaceAll(/\s+/g, ' ');
  const shown = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
  return `${event.at} ${event.instance ?? '-'} ${event.type} ${shown}`;
}

export async function logsCommand(argv: readonly string[]): Promise<number> {
  const options = ['types', 'after'];
  const { elenco, isJson, words, option } = readAsked(argv, { shape, words: [0, 1], options });
  const [instance] = words;
  const types = option('types')?.split(',') as EventType[] | undefined;
  const after = option('after');
  // `elenco logs | head` ends the reader first.
  process.stdout.on('error', () => process.exit(0));
  const feed = await elenco.events({
    ...(instance === undefined ? {} : { instance }),
    ...(types === undefined ? {} : { types }),
    ...(after === undefined ? {} : { after }),
  });
  console.error('following; Ctrl-C ends');
  for await (const { position, event } of feed)
    console.log(isJson ? JSON.stringify({ position, event }) : line(event));
  return 0;
}
