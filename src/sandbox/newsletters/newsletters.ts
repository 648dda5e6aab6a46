/**
 * Newsletters (what WhatsApp shows as channels): metadata, followers, messages. Plain data; changed by
 * the mex queries and by messages to a newsletter.
 */
export interface NewsletterMessage {
  readonly serverId: number;
  readonly id: string;
  readonly at: number;
  /** Encoded `Message`: newsletters are not encrypted. */
  readonly plain: Uint8Array;
  readonly reactions: Map<string, number>;
}

export interface Newsletter {
  readonly jid: string;
  readonly invite: string;
  readonly creation: number;
  owner: string;
  name: string;
  description: string;
  readonly followers: Set<string>;
  readonly muted: Set<string>;
  readonly messages: NewsletterMessage[];
}

export class Newsletters {
  readonly #byJid = new Map<string, Newsletter>();
  #next = 1;

  create(name: string, description: string, owner: string, nowS: number): Newsletter {
    const serial = String(this.#next++).padStart(6, '0');
    const newsletter: Newsletter = {
      jid: `120363400${String(nowS).slice(-3)}${serial}@newsletter`,
      invite: `0029Va${serial}`,
      creation: nowS,
      owner,
      name,
      description,
      followers: new Set([owner]),
      muted: new Set(),
      messages: [],
    };
    return this.add(newsletter);
  }

  add(newsletter: Newsletter): Newsletter {
    this.#byJid.set(newsletter.jid, newsletter);
    return newsletter;
  }

  find(key: string): Newsletter | null {
    return this.#byJid.get(key) ?? [...this.#byJid.values()].find(({ invite }) => invite === key) ?? null;
  }

  remove(jid: string): boolean {
    return this.#byJid.delete(jid);
  }

  all(): Newsletter[] {
    return [...this.#byJid.values()];
  }
}
