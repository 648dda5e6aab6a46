/**
 * What one instance records: events, messages, their states and changes, and what is kept of them; every batch goes
 * through here and its events then into the outlet. Made by `instance.ts`, whose socket hands in what it hears.
 */
import { detach } from '../detach.ts';
import { errorFields } from '../log.ts';
import type { EventData, NewEvent } from '../protocol/events.ts';
import type { InstanceConfig } from '../protocol/instance.ts';
import type { MessageView } from '../protocol/message.ts';
import type { SentRecord, StoreWrite } from '../store/ports.ts';
import type { InstanceEnvironment, InstanceSocketOptions } from './environment.ts';
import { HistoryRecorder } from './history-recorder.ts';
import { MessageRecorder } from './message-recorder.ts';
import { MessageStatuses } from './message-statuses.ts';
import { statusChange } from './status-change.ts';

export interface RecordsOptions {
  readonly env: Pick<InstanceEnvironment, 'store' | 'clock' | 'outlet' | 'log' | 'limits'>;
  /** As it is now: webhooks and settings change. */
  config(): InstanceConfig;
  /** A message came in. */
  onReceived(): void;
  /** A message that is still queued, as stored. */
  queued(id: string): SentRecord | undefined;
  /** After the batch: a sent message as it stands now. */
  onRaised(view: MessageView): void;
  /** What WhatsApp says a group is called; null where nobody can be asked. */
  groupSubject(jid: string): Promise<string | null>;
}

type Recording = Pick<
  InstanceSocketOptions,
  | 'record'
  | 'recordSent'
  | 'recordChange'
  | 'recorded'
  | 'recordEvents'
  | 'recordHistory'
  | 'recordNotice'
  | 'recordStatuses'
>;

export class Records {
  #options: RecordsOptions;
  readonly messages: MessageRecorder;
  readonly statuses: MessageStatuses;
  #history: HistoryRecorder;

  constructor(options: RecordsOptions) {
    this.#options = options;
    const { env, config, queued, onRaised, groupSubject } = options;
    const { store, clock } = env;
    const { writeEvent, commit, committed, later } = this;
    const settings = (): InstanceConfig['settings'] => config().settings;
    const common = { instance: config().id, store, writeEvent, committed };
    this.messages = new MessageRecorder({ ...common, clock, commit, later, settings, groupSubject });
    const effects = (record: SentRecord, at: number) => this.messages.effects(record, at);
    this.statuses = new MessageStatuses({ ...common, queued, effects, onRaised });
    const { messageAgeMsMax } = env.limits;
    const oldestKept = (): number => (messageAgeMsMax === null ? 0 : clock.now() - messageAgeMsMax);
    this.#history = new HistoryRecorder({ ...common, book: this.messages.book, oldestKept, commit });
  }

  /** The part of a new socket's options that records. What the last one could not write was not written. */
  recording(): Recording {
    const { messages, statuses } = this;
    messages.book.forget();
    return {
      record: (message, source) => {
        this.#options.onReceived();
        return messages.writes('message.received', message, source);
      },
      recordSent: (message, source) => messages.writes('message.sent', message, source),
      recordChange: (change) => messages.change(change),
      recorded: this.committed,
      recordEvents: (events, writes) => messages.raise(events, writes),
      recordHistory: (part) => this.#history.store(part),
      recordNotice: (chat, id, events) => messages.recordNotice(chat, id, events),
      recordStatuses: (updates) => statuses.raise(updates.map(statusChange)),
    };
  }

  readonly writeEvent = <T extends keyof EventData>(event: NewEvent<T>): StoreWrite =>
    this.#options.env.outlet.write(this.#options.config(), event);

  readonly commit = async (writes: readonly StoreWrite[]): Promise<void> => {
    await this.#options.env.store.commit(writes);
    this.committed(writes);
  };

  /** After a batch that did not go through `commit`. */
  readonly committed = (writes: readonly StoreWrite[]): void => this.#options.env.outlet.committed(writes);

  /** Work that nobody waits for. */
  readonly later = (work: Promise<unknown>): void =>
    detach(work, (error) => this.log(error, 'instance write failed'));

  log(error: unknown, what: string): void {
    const { env, config } = this.#options;
    env.log.error({ instance: config().id, error: errorFields(error) }, what);
  }
}
