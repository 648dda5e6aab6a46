/**
 * What WhatsApp tells about groups (notifications `w:gp2`, `picture`) as events, by whomever the change was
 * made. They are durable before Baileys acknowledges the notification. Installed by `capabilities.ts`.
 */
import type { EventEmitter } from 'node:events';
import {
  type BinaryNode,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  getBinaryNodeChildString,
  isJidGroup,
} from '@whiskeysockets/baileys';
import { type Clock, iso } from '../clock.ts';
import { detach } from '../detach.ts';
import type { NewEvent } from '../protocol/events.ts';
import type { GroupChanges, GroupMembership } from '../protocol/group-events.ts';
import type { ActionContext } from './action-context.ts';

export interface GroupNoticeParts {
  readonly ws: Pick<EventEmitter, 'listeners' | 'off' | 'on'>;
  readonly clock: Clock;
  readonly party: ActionContext['party'];
  ignores(jid: string): boolean;
  guard<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when durable; a notification that is already recorded raises nothing. */
  record(chat: string, id: string, events: readonly NewEvent[]): Promise<void>;
  failed(error: unknown): void;
}

type Listener = (stanza: BinaryNode) => unknown;
const memberTags: readonly string[] = ['add', 'remove', 'promote', 'demote', 'leave'];

/** A group's, or a community's. */
const joinNodeOf = (child: BinaryNode): BinaryNode | undefined =>
  getBinaryNodeChild(child, 'group_join') ?? getBinaryNodeChild(child, 'community_join');

/** What a child of a notification changes; null where it changes no setting. */
function changesOf(child: BinaryNode): GroupChanges | null {
  const { tag, attrs } = child;
  switch (tag) {
    case 'create':
      return createdChanges(getBinaryNodeChild(child, 'group'));
    case 'delete':
      return attrs['author'] === undefined ? { deleted: true } : { picture: 'removed' };
    case 'set':
      return { picture: 'changed' };
    case 'subject':
      return { subject: attrs['subject'] ?? '' };
    case 'description':
      return { description: getBinaryNodeChildString(child, 'body') ?? null };
    case 'announcement':
    case 'not_announcement':
      return { announce: tag === 'announcement' };
    case 'locked':
    case 'unlocked':
      return { locked: tag === 'locked' };
    case 'ephemeral':
    case 'not_ephemeral':
      return { ephemeralSeconds: Number(attrs['expiration'] ?? 0) };
    case 'member_add_mode':
      return { memberAddMode: String(child.content) === 'admin_add' ? 'admins' : 'everyone' };
    case 'membership_approval_mode':
      return { joinApproval: joinNodeOf(child)?.attrs['state'] === 'on' };
    case 'invite':
      return { invite: attrs['code'] ?? null };
    case 'link':
    case 'unlink':
      return linkChanges(child);
    default:
      return null;
  }
}

function createdChanges(group: BinaryNode | undefined): GroupChanges {
  const description = getBinaryNodeChildString(getBinaryNodeChild(group, 'description'), 'body');
  return { created: true, subject: group?.attrs['subject'] ?? '', description: description ?? null };
}

function linkChanges(child: BinaryNode): GroupChanges | null {
  const type = child.attrs['link_type'] ?? child.attrs['unlink_type'];
  if (type !== 'parent_group') return null;
  const community = getBinaryNodeChild(child, 'group')?.attrs['jid'] ?? null;
  return { community: child.tag === 'link' ? community : null };
}

const membersIn = (child: BinaryNode): BinaryNode[] =>
  getBinaryNodeChildren(child.tag === 'create' ? getBinaryNodeChild(child, 'group') : child, 'participant');

export class GroupNotices {
  private readonly parts: GroupNoticeParts;
  private tail: Promise<void> = Promise.resolve();

  constructor(parts: GroupNoticeParts) {
    this.parts = parts;
  }

  /** Baileys gets the notification after its events are durable, and then acknowledges it. */
  install(): void {
    const { ws, guard, failed } = this.parts;
    for (const original of ws.listeners('CB:notification') as Listener[]) {
      ws.off('CB:notification', original);
      ws.on('CB:notification', (stanza: BinaryNode) => {
        if (!this.isOurs(stanza)) return original(stanza);
        this.tail = this.tail.then(() => guard(() => this.take(stanza, original))).catch(failed);
        detach(this.tail, failed);
        return this.tail;
      });
    }
  }

  private isOurs({ attrs }: BinaryNode): boolean {
    const { type, from = '', id } = attrs;
    if (!id || !isJidGroup(from) || this.parts.ignores(from)) return false;
    return type === 'w:gp2' || type === 'picture';
  }

  private async take(stanza: BinaryNode, original: Listener): Promise<void> {
    const { from = '', id = '' } = stanza.attrs;
    const events = await this.eventsOf(stanza);
    if (events.length > 0) await this.parts.record(from, id, events);
    await original(stanza);
  }

  private async eventsOf({ attrs, content }: BinaryNode): Promise<NewEvent[]> {
    const children = Array.isArray(content) ? content : [];
    const chat = attrs['from'] ?? '';
    const seconds = Number(attrs['t']);
    const at = iso(Number.isFinite(seconds) ? seconds * 1_000 : this.parts.clock.now());
    const found = await Promise.all(children.map((child) => this.eventsOfChild(child, attrs, { chat, at })));
    return found.flat();
  }

  private async eventsOfChild(
    child: BinaryNode,
    attrs: BinaryNode['attrs'],
    { chat, at }: { chat: string; at: string },
  ): Promise<NewEvent[]> {
    const { party } = this.parts;
    const { participant = child.attrs['author'], participant_pn: pn, participant_lid: lid } = attrs;
    const author = participant ? await party(participant, pn ?? lid ?? null) : null;
    const about = { chat: { jid: chat, pn: null, lid: null }, author, at };
    const changes = changesOf(child);
    const events: NewEvent[] = [];
    if (changes) events.push({ type: 'group.updated', chat, data: { ...about, changes } });
    const participants = await Promise.all(
      membersIn(child).map(({ attrs: of }) =>
        party(of['jid'] ?? '', of['phone_number'] ?? of['lid'] ?? null),
      ),
    );
    const method = child.attrs['request_method'] ?? child.attrs['reason'] ?? null;
    const isOwn = participants.length === 1 && participants[0]?.jid === author?.jid;
    if (child.tag === 'create' || memberTags.includes(child.tag)) {
      const action = actionOf(child.tag, isOwn);
      events.push({ type: 'group.participants', chat, data: { ...about, action, participants, method } });
    }
    const decision = requestAction(child.tag, isOwn);
    if (decision) {
      const data = { ...about, action: decision, participants, method };
      events.push({ type: 'group.join_request', chat, data });
    }
    return events;
  }
}

function actionOf(tag: string, isOwn: boolean): GroupMembership {
  if (tag === 'create') return 'add';
  return tag === 'remove' && isOwn ? 'leave' : (tag as GroupMembership);
}

function requestAction(tag: string, isOwn: boolean): 'requested' | 'withdrawn' | 'rejected' | null {
  if (tag === 'created_membership_requests') return 'requested';
  if (tag !== 'revoked_membership_requests') return null;
  return isOwn ? 'withdrawn' : 'rejected';
}
