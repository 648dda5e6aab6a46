/** What `npm start` prints: where the gateway listens, the admin key when it was just made, and what to do next. */
import { type Config, whatsappSocketUrl } from './config.ts';
import type { Gateway } from './gateway.ts';

export function firstScreen(gateway: Pick<Gateway, 'url' | 'madeKey'>, config: Config): string {
  const { url, madeKey } = gateway;
  const key = madeKey ?? (config.apiKey === null ? 'the key that the first start showed' : 'API_KEY');
  const shown = madeKey ? `${madeKey}  (shown only now: keep it)` : key;
  return `
Elenco is up.
  REST API   ${url}/v1
  Reference  ${url}/docs   (${url}/openapi.json)
  Health     ${url}/monitoring/health
  Admin key  ${shown}
  Data       ${config.dataDir}
  WhatsApp   ${config.waSocketUrl === whatsappSocketUrl ? 'web.whatsapp.com' : config.waSocketUrl}

Next: make an instance and scan its QR code with the phone (WhatsApp, Linked devices):
  curl -s ${url}/v1/instances -H "Authorization: Bearer ${madeKey ?? 'KEY'}" -H 'Content-Type: application/json' -d '{"id":"sales"}'
  curl -s '${url}/v1/instances/sales/qr?wait=20' -H "Authorization: Bearer ${madeKey ?? 'KEY'}" -H 'Accept: image/png' -o qr.png
`;
}
