/**
 * What happens when a connection identifies itself, speaks or ends: registration or login, dispatch,
 * clean-up. The composition of the connection room; called by `sandbox.ts` when it listens.
 */
import { errorFields } from '../../log.ts';
import type { World } from '../world.ts';
import type { Connection, ConnectionEvents } from './connection.ts';
import { dispatch } from './dispatch.ts';
import { logIn } from './login.ts';
import { startRegistration } from './registration.ts';

function forget(world: World, connection: Connection): void {
  world.connections.delete(connection);
  if (connection.candidate) {
    world.pairing.withdraw(connection.candidate);
    connection.candidate.ending.abort();
  }
  const { companion } = connection;
  world.counters.add('disconnects', companion?.account.phone);
  if (companion?.link !== connection) return;
  companion.link = null;
  companion.isLive = false;
  companion.isAvailable = false;
  world.log.info({ account: companion.account.phone, device: companion.device }, 'disconnected');
}

export function connectionEvents(world: World): ConnectionEvents {
  return {
    identified: (connection, noiseKey, payload) => {
      if (payload.devicePairingData)
        startRegistration(world, connection, noiseKey, payload.devicePairingData);
      else logIn(world, connection, noiseKey, payload);
    },
    received: (connection, stanza) => {
      dispatch(world, connection, stanza).catch((error: unknown) => {
        world.log.error(
          { error: errorFields(error), tag: stanza.tag, id: stanza.attrs['id'] },
          'stanza failed',
        );
      });
    },
    ended: (connection) => forget(world, connection),
  };
}
