/**
 * Labels and what they are on, as rows beside the session (`label:ID`, `labeled:ID CHAT [MESSAGE]`): they come
 * with app state and go with the session. Used by `labels.ts` and `label-events.ts`.
 */
import type { Label } from '../protocol/labels.ts';
import type { Store, StoreWrite } from '../store/ports.ts';

export interface Association {
  readonly labelId: string;
  readonly chat: string;
  readonly messageId: string | null;
}

const labelPrefix = 'label:';
const associationPrefix = 'labeled:';
const present = new Uint8Array([1]);

const associationKey = ({ labelId, chat, messageId }: Association): string =>
  `${associationPrefix}${[labelId, chat, messageId ?? ''].join(' ')}`;

export class LabelRows {
  private readonly store: Store;
  private readonly instance: string;

  constructor(store: Store, instance: string) {
    this.store = store;
    this.instance = instance;
  }

  async all(): Promise<Label[]> {
    const rows = await this.store.sessions.signalRange(this.instance, labelPrefix);
    return [...rows].map(([, value]) => decode(value));
  }

  /** Ids are WhatsApp's numbers; anything else is nobody's and could not be a key. */
  async find(id: string): Promise<Label | undefined> {
    if (!/^\d{1,19}$/.test(id)) return undefined;
    const value = await this.store.sessions.signal(this.instance, `${labelPrefix}${id}`);
    return value && decode(value);
  }

  async associations(labelId: string): Promise<Association[]> {
    const prefix = `${associationPrefix}${labelId} `;
    const rows = await this.store.sessions.signalRange(this.instance, prefix);
    return [...rows].map(([key]) => {
      const [chat = '', messageId = ''] = key.slice(prefix.length).split(' ');
      return { labelId, chat, messageId: messageId || null };
    });
  }

  async has(association: Association): Promise<boolean> {
    const key = associationKey(association);
    return (await this.store.sessions.signal(this.instance, key)) !== undefined;
  }

  write(label: Label): StoreWrite {
    const value = Buffer.from(JSON.stringify(label));
    return { to: 'signal', instance: this.instance, key: `${labelPrefix}${label.id}`, value };
  }

  /** The label and what it was on. */
  async removal(id: string): Promise<StoreWrite[]> {
    const { instance } = this;
    const associations = await this.associations(id);
    return [
      { to: 'signal', instance, key: `${labelPrefix}${id}`, value: null },
      ...associations.map((association) => this.associate(association, false)),
    ];
  }

  associate(association: Association, isLabeled: boolean): StoreWrite {
    const value = isLabeled ? present : null;
    return { to: 'signal', instance: this.instance, key: associationKey(association), value };
  }
}

const decode = (value: Uint8Array): Label => JSON.parse(Buffer.from(value).toString('utf8'));
