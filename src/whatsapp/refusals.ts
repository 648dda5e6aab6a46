/**
 * What WhatsApp's and Baileys' errors mean in the API: acknowledgements with an error code, failed
 * queries, closed sockets. Pure; called by `send.ts`, `numbers.ts` and `pairing.ts`.
 */
import { AppError } from '../errors.ts';

const texts: Readonly<Record<number, string>> = {
  400: 'WhatsApp found the message malformed',
  401: 'this device may not send: it is no longer linked',
  403: 'sending to this chat is forbidden',
  404: 'the recipient does not exist',
  405: 'only administrators may write to this group',
  406: 'WhatsApp does not accept this message',
  420: 'the account sends too fast',
  429: 'the account sends too fast',
  463: 'WhatsApp holds back messages from this account to people who never wrote to it (missing privacy token); wait before writing to new contacts',
  475: 'WhatsApp does not let this account send to this chat',
  479: 'WhatsApp found the stanza malformed, most likely because the recipient’s devices changed',
  487: 'WhatsApp could not parse the message',
  500: 'WhatsApp had an internal error',
  503: 'WhatsApp is not available',
};

export function rejectedByWhatsapp(what: string, code: number | null): AppError {
  const text = code === null ? 'without a reason' : (texts[code] ?? 'for a reason that is not known here');
  const detail = `WhatsApp refused ${what}${code === null ? '' : ` with ${code}`}: ${text}.`;
  return new AppError('whatsapp_rejected', detail, { extra: { whatsappCode: code } });
}

/** The numeric status of a Boom error of Baileys: a WhatsApp code, or 408 and 428 for the connection. */
export function statusOf(error: unknown): number | null {
  const boom = error as { output?: { statusCode?: unknown }; data?: unknown } | null;
  const code = typeof boom?.data === 'number' ? boom.data : boom?.output?.statusCode;
  return typeof code === 'number' ? code : null;
}

/** Node's own codes of a connection that broke under a write or a read. */
const brokenConnection =
  /^(ECONN(RESET|ABORTED|REFUSED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_.*)$/;
const lostConnection = /connection closed|query cancelled|websocket is not open|socket hang up/i;

/** A query that was open when the web socket closed is rejected with the bare code of that (1000–4999). */
const isCloseCode = (error: unknown): boolean => typeof error === 'number' && error >= 1_000;

const isConnectionLost = (error: unknown): boolean =>
  isCloseCode(error) ||
  [428, 440, 515].includes(statusOf(error) ?? 0) ||
  brokenConnection.test(String((error as { code?: unknown } | null)?.code)) ||
  lostConnection.test(String(error));

export const socketEnded = (): AppError =>
  new AppError('actor_restarted', 'The connection ended before WhatsApp answered.', { retryAfterMs: 1_000 });

/** An error of a Baileys call as the API's. `what` completes "WhatsApp refused …". */
export function appErrorOf(error: unknown, what: string): AppError {
  if (error instanceof AppError) return error;
  if (isConnectionLost(error)) return socketEnded();
  const code = statusOf(error);
  if (code === 408) return new AppError('timeout', `WhatsApp did not answer ${what} in time.`);
  if (typeof (error as { data?: unknown } | null)?.data === 'number') return rejectedByWhatsapp(what, code);
  return new AppError(
    'internal',
    `${what} failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

const queryTexts: Readonly<Record<number, string>> = {
  400: 'it found the request malformed',
  401: 'this account may not do that',
  403: 'this account may not do that',
  405: 'it does not allow that',
  406: 'it does not accept that',
  409: 'the current state does not allow it',
  410: 'it is gone',
  419: 'a limit of WhatsApp is reached',
  420: 'the account asks too often',
  429: 'the account asks too often',
  500: 'it had an internal error',
  503: 'it is not available',
};

/** The answer to a query that WhatsApp refused; 404 is `not_found`, the rest `whatsapp_rejected`. */
export function refusedQuery(what: string, code: number): AppError {
  const extra = { whatsappCode: code };
  if (code === 404) return new AppError('not_found', `WhatsApp has nothing for ${what} (404).`, { extra });
  const text = queryTexts[code] ?? 'for a reason that is not known here';
  return new AppError('whatsapp_rejected', `WhatsApp refused ${what} with ${code}: ${text}.`, { extra });
}

/** The code of a refused query, as an error stanza or inside an answer of WhatsApp's GraphQL (`w:mex`) has it. */
function queryCodeOf(error: unknown): number | null {
  const data = (error as { data?: unknown } | null)?.data;
  const inside = (data as { extensions?: { error_code?: unknown } | null } | null | undefined)?.extensions;
  const code = inside ? (inside.error_code ?? statusOf(error)) : data;
  return typeof code === 'number' ? code : null;
}

/** As `appErrorOf`, for what is no message. */
export function actionErrorOf(error: unknown, what: string): AppError {
  if (error instanceof AppError || isConnectionLost(error)) return appErrorOf(error, what);
  const code = queryCodeOf(error);
  if (code !== null) return refusedQuery(what, code);
  return appErrorOf(error, what);
}
