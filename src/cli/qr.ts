/**
 * `elenco qr ID`: the QR code of an instance in the terminal, drawn anew as it changes, until the phone has
 * scanned it and the instance is open. With `--json` one line a code, and one when it is open.
 */
import { toString as draw } from 'qrcode';
import { ElencoError } from '../client/elenco.ts';
import { pause, systemClock } from '../clock.ts';
import { type Asked, readAsked } from './access.ts';
import { shownParty } from './party.ts';

interface Shown {
  readonly qr: string;
  readonly expiresAt: string;
}

const lookPeriodMs = 1_000;
const waitSeconds = 20;
const clearScreen = '\u001b[2J\u001b[H';
/** The QR did not come yet, or the instance has just changed its state: ask again. */
const passing: readonly string[] = ['qr_not_ready', 'timeout', 'actor_restarted'];

/** The code of now; null when the instance is open; undefined when there is none at the moment. */
async function look({ elenco }: Asked, id: string): Promise<Shown | null | undefined> {
  try {
    return await elenco.get('/v1/instances/{id}/qr', { path: { id }, query: { wait: waitSeconds } });
  } catch (error) {
    if (!(error instanceof ElencoError)) throw error;
    if (error.code === 'already_open') return null;
    if (passing.includes(error.code)) return undefined;
    throw error;
  }
}

async function show({ isJson }: Asked, id: string, shown: Shown): Promise<void> {
  if (isJson) return console.log(JSON.stringify(shown));
  const picture = await draw(shown.qr, { type: 'terminal', small: true });
  console.log(`${process.stdout.isTTY ? clearScreen : ''}${picture}`);
  console.log(
    `${id}: on the phone, WhatsApp > Linked devices > Link a device. Valid until ${shown.expiresAt}.`,
  );
}

export async function qrCommand(argv: readonly string[]): Promise<number> {
  const asked = readAsked(argv, { shape: 'qr ID [--json]', words: [1, 1] });
  const [id = ''] = asked.words;
  let last = '';
  for (;;) {
    const shown = await look(asked, id);
    if (shown === null) break;
    if (shown && shown.qr !== last) {
      last = shown.qr;
      await show(asked, id, shown);
    }
    await pause(systemClock, lookPeriodMs);
  }
  const { state, me } = await asked.elenco.get('/v1/instances/{id}', { path: { id } });
  if (asked.isJson) console.log(JSON.stringify({ state, me }));
  else
    console.log(
      `${id} is open as ${me ? shownParty(me) : 'an unknown number'}${me?.name ? ` (${me.name})` : ''}`,
    );
  return 0;
}
