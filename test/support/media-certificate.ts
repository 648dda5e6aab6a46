/**
 * Before any test: one certificate for the media servers of all sandboxes, trusted by every process and thread of
 * the run. Node reads what it trusts besides its own at the start of a process only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../src/sandbox/media/certificate.ts';

export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'elenco-tls-'));
  const { cert, key } = await makeCertificate('127.0.0.1');
  await writeFile(join(folder, 'ca.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 });
  process.env['NODE_EXTRA_CA_CERTS'] = join(folder, 'ca.pem');
  process.env['ELENCO_TEST_TLS'] = folder;
  return () => rm(folder, { recursive: true, force: true });
}
