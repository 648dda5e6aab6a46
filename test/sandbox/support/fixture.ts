/**
 * A sandbox and its sockets for one test file: made before each test, closed after it.
 */
import { afterEach, beforeEach } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/options.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { trustedCertificate } from '../../support/trusted-media.ts';
import { PhoneSocket, type PhoneSocketOptions } from './phone-socket.ts';

export const jidOf = (number: string): string => `${number}@s.whatsapp.net`;
export const echoNumber = '5511988880001';
export const readerNumber = '5511988887001';
export const silentNumber = '5511988888001';

export interface Fixture {
  sandbox: Sandbox;
  /** A socket that scans its own QR; not open yet. */
  connect(options?: PhoneSocketOptions): PhoneSocket;
  /** A socket that is open. */
  open(phone: string, options?: PhoneSocketOptions): Promise<PhoneSocket>;
}

export function useSandbox(options: SandboxOptions = {}): Fixture {
  const sockets: PhoneSocket[] = [];
  const fixture = {
    connect: (socketOptions: PhoneSocketOptions = {}) => {
      const socket = new PhoneSocket(fixture.sandbox, socketOptions);
      sockets.push(socket);
      return socket;
    },
    open: (phone: string, socketOptions: PhoneSocketOptions = {}) =>
      fixture.connect({ phone, ...socketOptions }).whenOpen(),
  } as Fixture;
  beforeEach(async () => {
    fixture.sandbox = await startSandbox({ certificate: trustedCertificate(), ...options });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) await socket.close();
    await fixture.sandbox.stop();
  });
  return fixture;
}
