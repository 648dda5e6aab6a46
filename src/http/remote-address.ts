/**
 * The address of a client. `X-Forwarded-For` is believed only as far as the peers that wrote it are trusted:
 * read from the right, the first address that is no trusted proxy is the client. Called once a request.
 */
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { forwardedForMaxChars, remoteAddressesMax } from './limits.ts';

type Address = ReturnType<typeof ipaddr.process>;

export interface RemoteAddress {
  /** `peer` is the socket's remote address; `forwardedFor` the header as it came. */
  of(peer: string | undefined, forwardedFor: string | undefined): string;
}

const unknownAddress = 'unknown';

function parse(text: string): Address | undefined {
  const bare = text.trim().replace(/^\[(.*)\](:\d+)?$/, '$1');
  const withoutPort = /^\d+\.\d+\.\d+\.\d+:\d+$/.test(bare) ? bare.slice(0, bare.indexOf(':')) : bare;
  return ipaddr.isValid(withoutPort) ? ipaddr.process(withoutPort) : undefined;
}

export function createRemoteAddress(trustedProxies: readonly string[]): RemoteAddress {
  const ranges = trustedProxies.map((cidr) => ipaddr.parseCIDR(cidr));
  const isTrusted = (address: Address): boolean =>
    ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  function resolve(peer: string, forwardedFor: string): string {
    let address = parse(peer);
    if (!address) return unknownAddress;
    const hops = forwardedFor === '' ? [] : forwardedFor.split(',');
    while (hops.length > 0 && isTrusted(address)) {
      const next = parse(hops.pop() ?? '');
      if (!next) break;
      address = next;
    }
    return address.toString();
  }
  const known = new LRUCache<string, string>({ max: remoteAddressesMax });
  return {
    of(peer = '', forwardedFor = '') {
      const believed = ranges.length === 0 ? '' : forwardedFor.slice(-forwardedForMaxChars);
      const key = `${peer} ${believed}`;
      let address = known.get(key);
      if (address === undefined) {
        address = resolve(peer, believed);
        known.set(key, address);
      }
      return address;
    },
  };
}

/** Under what a client without a key is counted: its address, or its /64 (one IPv6 host owns that many). */
export function anonymousKey(ip: string): string {
  if (!ip.includes(':')) return ip;
  const parts = ipaddr.parse(ip).toByteArray().slice(0, 8);
  return parts.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
