/**
 * Which problems an operation can answer: what follows from its shape, and what its route names. /openapi.json
 * lists them by status, and tests hold every answer of a real gateway against the list.
 */
import { type ErrorCode, errorCodes } from '../errors.ts';
import { type AnyRoute, isAboutInstance } from './route.ts';

/** What WhatsApp, or the connection to it, may have against a request. */
const ofWhatsapp: readonly ErrorCode[] = [
  'conflict',
  'instance_not_open',
  'not_found',
  'not_on_whatsapp',
  'not_supported',
  'whatsapp_rejected',
];
/** Every answer may be late or broken. */
const ofAll: readonly ErrorCode[] = ['internal', 'timeout', 'validation_failed'];
const ofKeyed: readonly ErrorCode[] = [
  ...(['unauthorized', 'forbidden'] as const),
  // Of the thread that is asked, and of the store.
  ...(['actor_restarted', 'mailbox_full', 'store_failed'] as const),
];

export function problemCodesOf(route: AnyRoute): ErrorCode[] {
  const codes: ErrorCode[] = [
    ...ofAll,
    ...(route.duringDrain ? [] : (['draining'] as const)),
    ...(route.access === 'open' ? [] : ofKeyed),
    ...(isAboutInstance(route) ? (['instance_not_found'] as const) : []),
    ...(route.path.includes('{mid}') ? (['not_found', 'ambiguous_message'] as const) : []),
    ...(route.body ? (['body_too_large', 'unsupported_media_type'] as const) : []),
    ...(route.takesMedia ? (['conversion_failed'] as const) : []),
    ...(route.idempotent ? (['idempotency_mismatch'] as const) : []),
    ...(route.limit ? (['rate_limited'] as const) : []),
    ...(route.asksWhatsapp || route.sends ? ofWhatsapp : []),
    ...(route.problems ?? []),
  ];
  return [...new Set(codes)].sort();
}

/** The same by HTTP status. */
export function problemsByStatus(route: AnyRoute): Map<number, ErrorCode[]> {
  return Map.groupBy(problemCodesOf(route), (code) => errorCodes[code].status);
}
