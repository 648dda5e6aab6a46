/**
 * The media server's TLS certificate: self-signed for loopback, made at start, trusted through
 * `NODE_EXTRA_CA_CERTS` or a dispatcher. Its private key never leaves the process.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface MediaCertificate {
  readonly cert: string;
  readonly key: string;
}

export async function makeCertificate(host: string): Promise<MediaCertificate> {
  const names = [
    { type: 2 as const, value: 'localhost' },
    { type: 7 as const, ip: host },
  ];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'Elenco sandbox' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: names },
    ],
  });
  return { cert, key };
}

/** Writes the certificate where a gateway process can read it; returns the path. */
export async function writeCertificate(cert: string, path: string | null): Promise<string> {
  const file = path ?? join(await mkdtemp(join(tmpdir(), 'elenco-sandbox-')), 'ca.pem');
  await writeFile(file, cert);
  return file;
}
