/**
 * Which addresses users may send the gateway to, by a webhook or a media URL. Cloud metadata endpoints never;
 * private and link-local ones not when the operator says so. Pure; `connector.ts` asks after DNS, at connect,
 * so that no name can point around it.
 */
import ipaddr from 'ipaddr.js';

/** Names that clouds resolve to their metadata endpoint inside a machine. */
const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** AWS, Azure, Google, DigitalOcean…; ECS and EKS credentials; Alibaba; Oracle; AWS over IPv6. */
const metadataAddresses = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
]);

export const isMetadataName = (hostname: string): boolean =>
  metadataNames.has(hostname.toLowerCase().replace(/\.$/, ''));

/** An IPv4 address inside an IPv6 one (mapped, NAT64) as the IPv4 address that is really reached. */
function unwrapped(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  if (address.range() !== 'rfc6052') return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/**
 * Why this address is refused, or null when it may be connected to. `deniedBy` names the setting that denies
 * private addresses; null: they are allowed.
 */
export function refusalOf(address: string, deniedBy: string | null): string | null {
  if (!ipaddr.isValid(address)) return `${address} is not an address`;
  const reached = unwrapped(ipaddr.parse(address));
  if (metadataAddresses.has(reached.toString())) return `${address} is a cloud metadata address`;
  if (deniedBy === null || reached.range() === 'unicast') return null;
  return `${address} is ${reached.range()}, and ${deniedBy} is set`;
}
