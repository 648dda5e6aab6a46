/**
 * How undici connects to addresses that users name: judged after DNS and for literals, at every connection, so
 * also after a redirect. Used by the webhook poster and by media fetches; what WhatsApp names has its own rules.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isMetadataName, refusalOf } from './addresses.ts';

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'ADDRESS_REFUSED';
}

/** DNS as ever, without the addresses that may not be reached. */
function guardedLookup(deniedBy: string | null): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '');
      const allowed = found.filter(({ address }) => refusalOf(address, deniedBy) === null);
      const [first] = allowed;
      if (!first) {
        const [refused] = found as LookupAddress[];
        return callback(new AddressRefused(refusalOf(refused?.address ?? '', deniedBy) ?? hostname), '');
      }
      if (options.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

/**
 * Literal addresses never reach `lookup`, so they are judged here. `deniedBy`: the setting that denies private
 * addresses, or null where they are allowed.
 */
export function guardedConnector(timeoutMs: number, deniedBy: string | null): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, lookup: guardedLookup(deniedBy), allowH2: false });
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    const refusal = isMetadataName(hostname)
      ? `${hostname} is a cloud metadata name`
      : isIP(hostname) && refusalOf(hostname, deniedBy);
    if (refusal) return callback(new AddressRefused(refusal), null);
    return connect(options, callback);
  };
}
