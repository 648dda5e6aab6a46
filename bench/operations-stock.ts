/** The other side: stock Baileys in this thread, nothing durable, no gateway around it. */
import { silenceConsole } from '../src/whatsapp/console.ts';
import { BaselineAccount } from './baseline-account.ts';
import { type Side, until } from './operations-side.ts';

export async function stock(server: { url: string }): Promise<Side> {
  silenceConsole();
  const accounts = new Map<string, BaselineAccount>();
  let received = 0;
  const account = (id: string): BaselineAccount => {
    const found = accounts.get(id);
    if (!found) throw new Error(`no account ${id}`);
    return found;
  };
  const untilOpen = (id: string): Promise<void> => until(() => account(id).isOpen, `${id} is open`);
  return {
    pair: (id) =>
      new Promise((resolve) => {
        const made = new BaselineAccount(server.url, {
          onQr: resolve,
          onOpen: () => undefined,
          onMessage: () => {
            received += 1;
          },
        });
        accounts.set(id, made);
        made.connect();
      }),
    untilOpen,
    async disconnect(id) {
      account(id).disconnect();
      await until(() => !account(id).isOpen, `${id} is closed`);
    },
    async connect(id) {
      account(id).connect();
      await untilOpen(id);
    },
    async send(id, to, text) {
      await account(id).send(to.includes('@') ? to : `${to}@s.whatsapp.net`, text);
    },
    received: () => received,
    stop: async () => undefined,
  };
}
