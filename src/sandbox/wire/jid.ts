/**
 * Addresses: parse and format. `user[:device]@server`; device 0 is never written. Called everywhere;
 * knows nothing about which numbers exist.
 */
export const serverJid = '@s.whatsapp.net';

export interface Jid {
  readonly user: string;
  readonly device: number;
  readonly server: string;
}

export function parseJid(text: string): Jid {
  const at = text.indexOf('@');
  const [user = '', device = '0'] = text.slice(0, Math.max(at, 0)).split(':');
  return { user, device: Number(device), server: text.slice(at + 1) };
}

export const formatJid = (user: string, server: string, device = 0): string =>
  device === 0 ? `${user}@${server}` : `${user}:${device}@${server}`;

export const pnJid = (user: string, device = 0): string => formatJid(user, 's.whatsapp.net', device);
export const lidJid = (user: string, device = 0): string => formatJid(user, 'lid', device);
export const isLid = (jid: string): boolean => jid.endsWith('@lid');
export const isPn = (jid: string): boolean => jid.endsWith('@s.whatsapp.net');
export const isGroup = (jid: string): boolean => jid.endsWith('@g.us');
export const isNewsletter = (jid: string): boolean => jid.endsWith('@newsletter');
export const statusJid = 'status@broadcast';

/** The address without its device. */
export function userJid(jid: string): string {
  const { user, server } = parseJid(jid);
  return formatJid(user, server);
}
