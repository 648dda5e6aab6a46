/** The worker of every variant of the ask bench: echoes, over the runtime or over one of the raw links. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { expose } from 'comlink';
import { type GuestContext, runGuest } from '../src/thread/guest.ts';
import type { SendText } from './actor-messages.ts';
import { rawBatch } from './actor-raw-batch.ts';
import { rawEndpoint } from './actor-raw-endpoint.ts';

type Data = { readonly variant: 'clone' | 'batch' | 'comlink'; readonly port: MessagePort };
const data = workerData as Data | { readonly variant?: undefined };

switch (data.variant) {
  case undefined:
    runGuest<null, SendText, { SendText: SendText }>((_boot: null, _guest: GuestContext<never>) => ({
      receive: (message) => message,
    }));
    break;
  case 'clone':
    data.port.on('message', ({ id, message }) => data.port.postMessage({ id, message }));
    break;
  case 'comlink':
    expose({ echo: (message: SendText) => message }, rawEndpoint(data.port));
    break;
  case 'batch': {
    const send = rawBatch(data.port, (id, message) => send(id, message));
    break;
  }
}
