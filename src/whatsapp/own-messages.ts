/**
 * What Baileys writes by itself (a chat's disappearing messages) beside the outgoing queue, kept in memory so that
 * a retry receipt for it is answered. Bounded, gone with the socket. Used by `connection.ts`.
 */
import type { proto, WASocket } from '@whiskeysockets/baileys';
import { BoundedMap } from './bounded-map.ts';
import { ownMessagesMax } from './limits.ts';

export class OwnMessages {
  private readonly kept = new BoundedMap<proto.IMessage>(ownMessagesMax);

  /** From here on what the socket is asked to send is kept. */
  listen(sock: Pick<WASocket, 'sendMessage'>): void {
    const send = sock.sendMessage;
    sock.sendMessage = async (...asked) => {
      const sent = await send(...asked);
      if (sent?.key.id && sent.message) this.kept.set(sent.key.id, sent.message);
      return sent;
    };
  }

  find(id: string | null | undefined): proto.IMessage | undefined {
    return id ? this.kept.get(id) : undefined;
  }
}
