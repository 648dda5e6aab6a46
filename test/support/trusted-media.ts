/** The certificate that this run trusts, for a sandbox whose media the gateway downloads and uploads. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MediaCertificate } from '../../src/sandbox/media/certificate.ts';

export function trustedCertificate(): MediaCertificate {
  const folder = process.env['ELENCO_TEST_TLS'];
  if (!folder) throw new Error('no certificate: is test/support/media-certificate.ts the global setup?');
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { cert: read('ca.pem'), key: read('key.pem') };
}
