/**
 * An account with two linked devices (instances `one` and `two`) that talks with virtual contacts: what tests of
 * messages do and look at. Contacts whose numbers end in 7000 to 7999 read what they get and do not answer.
 */
import { expect } from 'vitest';
import type { ReceivedMessage } from '../../../src/sandbox/contacts/received.ts';
import type { Content } from '../../../src/sandbox/contacts/speaker.ts';
import { type Answer, type Stage, startStage } from './stage.ts';
import type { ReceivedEvent } from './webhook-receiver.ts';

const lookEveryMs = 50;
const base = '/v1/instances/one';

export class Talk {
  readonly stage: Stage;
  readonly phone: string;

  constructor(stage: Stage, phone: string) {
    this.stage = stage;
    this.phone = phone;
  }

  /** Below the messages of `one`. */
  readonly call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    this.stage.call(method, `${base}/messages${path}`, body);

  readonly get = async (id: string, instance = 'one'): Promise<Answer['body']> =>
    (await this.stage.call('GET', `/v1/instances/${instance}/messages/${id}`)).body;

  /** The data of the event about this message. */
  readonly heard = async (
    instance: string,
    type: string,
    id: string,
    fits: (event: ReceivedEvent) => boolean = () => true,
  ) => {
    const isIt = (event: ReceivedEvent): boolean =>
      event.instance === instance && event.type === type && event.data.id === id && fits(event);
    return (await this.stage.hook.next(({ event }) => isIt(event), `${instance} ${type} ${id}`)).event.data;
  };

  /** What no event tells, looked at again until the guard of the stage ends it. */
  readonly eventually = async (look: () => Promise<boolean>, what: string): Promise<void> => {
    const seen = { isSo: false, isOver: false };
    const looking = async (): Promise<void> => {
      while (!seen.isSo && !seen.isOver) {
        seen.isSo = await look();
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    };
    const guard = this.stage
      .until(() => seen.isSo, what)
      .finally(() => {
        seen.isOver = true;
      });
    await Promise.all([looking(), guard]);
  };

  /** What the contact got that fits, once it has. */
  readonly got = async (
    contact: string,
    fits: (one: ReceivedMessage) => boolean,
  ): Promise<ReceivedMessage> => {
    const find = () => this.stage.sandbox.receivedBy(contact).find(fits);
    await this.stage.until(() => find() !== undefined, `${contact} gets it`);
    return find() as ReceivedMessage;
  };

  readonly send = async (to: string, text: string): Promise<string> => {
    const sent = await this.call('POST', '', { to, type: 'text', text });
    expect(sent.status).toBe(201);
    return sent.body.id;
  };

  /** A group of the account with these contacts. */
  readonly createGroup = async (participants: readonly string[]): Promise<string> => {
    const group = { subject: 'Cast', participants };
    return (await this.stage.call('POST', '/v1/instances/one/groups', group)).body.id;
  };

  /** A member writes in a group, and the account has it. */
  readonly receiveIn = async (gid: string, from: string, text: string): Promise<string> => {
    const id = await this.stage.sandbox.contact(from).write(gid, text);
    await this.heard('one', 'message.received', id);
    return id;
  };

  /** A contact writes, and both devices have it. */
  readonly receive = async (from: string, content: Content): Promise<string> => {
    const id = await this.stage.sandbox.sendFrom(from, this.phone, content);
    await Promise.all(['one', 'two'].map((instance) => this.heard(instance, 'message.received', id)));
    return id;
  };
}

export async function startTalk(): Promise<Talk> {
  const stage = await startStage();
  const { phone } = await stage.openInstance('one');
  await stage.openInstance('two', phone);
  return new Talk(stage, phone);
}
