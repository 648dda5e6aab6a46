/**
 * WhatsApp's protobuf messages as Baileys generates them. Every room of the sandbox imports them from
 * here, so that Baileys has one importer per codec. Nothing else may be exported.
 */
export { proto } from '@whiskeysockets/baileys/WAProto/index.js';
