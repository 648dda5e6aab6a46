/**
 * A virtual contact as tests and the control API use it: writes, types, calls, reads, re-installs. A thin
 * front over the rooms that do it.
 */
import { readFile } from 'node:fs/promises';
import { type Call, endCall, offerCall } from '../calls/calls.ts';
import type { Group } from '../groups/group.ts';
import { announceCreation, inviteAll, join } from '../groups/membership.ts';
import { speakInGroup } from '../groups/speak.ts';
import { accountOf, personOf } from '../people.ts';
import { showChatState, showPresence } from '../presence/presence.ts';
import { isGroup, isLid, pnJid } from '../wire/jid.ts';
import { node } from '../wire/node.ts';
import type { proto } from '../wire/proto.ts';
import type { World } from '../world.ts';
import { type ChangedMessage, editOf, reactionTo, revocationOf } from './change.ts';
import type { Contact } from './contacts.ts';
import { noticeIdentity } from './reinstall.ts';
import { sendReceipt, speak } from './speak.ts';
import { speakStatus } from './status.ts';

export type Content = string | proto.IMessage;

export const asMessage = (content: Content): proto.IMessage =>
  typeof content === 'string' ? { conversation: content } : content;

export class Speaker {
  readonly #world: World;
  readonly contact: Contact;

  constructor(world: World, contact: Contact) {
    this.#world = world;
    this.contact = contact;
  }

  #group(jid: string): Group {
    const group = this.#world.groups.find(jid);
    if (!group) throw new Error(`no group ${jid}`);
    return group;
  }

  /** To an account (number or JID) or a group; resolves with the message id when every copy is queued. */
  async write(to: string, content: Content, addressing?: 'pn' | 'lid'): Promise<string> {
    const message = asMessage(content);
    const mode = addressing ?? (isLid(to) ? 'lid' : undefined);
    const spoken = isGroup(to)
      ? speakInGroup(this.#world, this.contact, this.#group(to), message)
      : speak(
          this.#world,
          this.contact,
          accountOf(this.#world, to),
          message,
          mode ? { addressing: mode } : {},
        );
    await spoken.sent;
    return spoken.id;
  }

  /** Reacts to a message of the chat with an account or of a group; `mine`: the contact wrote it. */
  react(to: string, id: string, emoji: string, mine = false): Promise<string> {
    return this.write(to, reactionTo(this.#key(to, id, mine), emoji));
  }

  /** Edits what the contact wrote. */
  edit(to: string, id: string, text: string): Promise<string> {
    return this.write(to, editOf(this.#key(to, id, true), text));
  }

  /** Deletes what the contact wrote, for everyone; as an administrator of a group what `author` (JID) wrote. */
  revoke(to: string, id: string, author?: string): Promise<string> {
    const key = this.#key(to, id, author === undefined);
    return this.write(to, revocationOf(author === undefined ? key : { ...key, participant: author }));
  }

  #key(to: string, id: string, fromMe: boolean): ChangedMessage {
    return { id, fromMe, remoteJid: isGroup(to) ? to : pnJid(accountOf(this.#world, to).phone) };
  }

  /** Posts a status that these accounts see. */
  postStatus(content: Content, audience: readonly string[]): Promise<string> {
    const accounts = audience.map((phone) => accountOf(this.#world, phone));
    return speakStatus(this.#world, this.contact, accounts, asMessage(content));
  }

  /** Reads or plays a message that the account sent; delivery is by itself. */
  mark(to: string, id: string, type: 'read' | 'played'): void {
    sendReceipt(this.#world, accountOf(this.#world, to), { id, as: this.contact.pn, type });
  }

  type(to: string, state: 'composing' | 'recording' | 'paused'): void {
    const tag = state === 'paused' ? 'paused' : 'composing';
    const shown = node(tag, state === 'recording' ? { media: 'audio' } : {});
    const address = isGroup(to) ? to : pnJid(accountOf(this.#world, to).phone);
    showChatState(this.#world, this.contact.number, address, shown);
  }

  show(isAvailable: boolean): void {
    showPresence(this.#world, this.contact.number, isAvailable);
  }

  call(to: string, isVideo = false): Call {
    return offerCall(this.#world, this.contact, accountOf(this.#world, to), isVideo);
  }

  hangUp(call: Call, reason: 'timeout' | 'hangup' = 'timeout'): void {
    endCall(this.#world, call, reason);
  }

  /** A new identity: those who had a session are told. */
  reinstall(): void {
    noticeIdentity(this.#world, this.contact);
  }

  setPicture(bytes: Buffer): void {
    this.#world.pictures.set(this.#world, this.contact.number, bytes);
  }

  async setPictureFile(path: string): Promise<void> {
    this.setPicture(await readFile(path));
  }

  /** Makes a group with these people (numbers or JIDs) in it; returns its JID. */
  createGroup(subject: string, members: readonly string[], addressing?: 'pn' | 'lid'): string {
    const creator = this.contact.number;
    const nowS = Number(this.#world.nowSeconds());
    const mode = addressing ?? this.#world.settings.groups.addressing;
    const group = this.#world.groups.create({ subject, creator, addressing: mode }, nowS);
    inviteAll(
      this.#world,
      group,
      members.map((member) => personOf(this.#world, member).pn),
    );
    announceCreation(this.#world, group);
    return group.jid;
  }

  /** Joins by invite code, or asks to. */
  join(code: string): 'joined' | 'requested' {
    const group = this.#world.groups.byInvite(code);
    if (!group) throw new Error(`no group has the invite ${code}`);
    return join(this.#world, group, this.contact.number);
  }
}
