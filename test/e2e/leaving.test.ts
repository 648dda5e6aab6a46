/**
 * An instance is restarted, disconnected and deleted whatever state its connection is in: the answer never
 * waits for WhatsApp, nothing of it lives on, and its id can be used again.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Stage, startStage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ RATE_LIMIT_INSTANCES: 'off', RATE_LIMIT_QUERIES: 'off' });
});
afterAll(async () => {
  const statuses = (await Promise.all(unanswered)).map(({ status }) => status);
  await stage.stop();
  // Gone with it, refused as it rests, or queued for its next connection.
  expect(statuses.filter((status) => ![201, 404, 409, 503].includes(status))).toEqual([]);
});
afterEach(() => stage.sandbox.faults.clear());

const guardMs = 60_000;
/** Sends that end with their instance. */
const unanswered: Promise<Answer>[] = [];
const at = (id: string): string => `/v1/instances/${id}`;
const create = (id: string, connect = true) => stage.call('POST', '/v1/instances', { id, connect });

async function expectQr(id: string): Promise<void> {
  const shown = await stage.call('GET', `${at(id)}/qr?wait=20`);
  expect(shown).toMatchObject({ status: 200, body: { qr: expect.stringContaining('https://wa.me/') } });
}

/** Ways to bring a fresh instance into a state; each leaves it there. */
const states: Readonly<Record<string, (id: string) => Promise<void>>> = {
  created: async (id) => void (await create(id, false)),
  'showing a QR': async (id) => {
    await create(id);
    await expectQr(id);
  },
  'showing a pairing code': async (id) => {
    await create(id);
    const phone = '5511940001000';
    expect((await stage.call('POST', `${at(id)}/pairing-code`, { phone })).status).toBe(200);
  },
  'connecting to a server that does not answer the upgrade': async (id) => {
    stage.sandbox.faults.door('silent', guardMs);
    await create(id);
    await stage.untilState(id, 'connecting');
  },
  'connecting to a server that does not answer the handshake': async (id) => {
    stage.sandbox.faults.door('frozen', guardMs);
    await create(id);
    await stage.untilState(id, 'connecting');
  },
  'reconnecting to a server that refuses': async (id) => {
    const { phone } = await stage.openInstance(id);
    stage.sandbox.faults.door('refuse', guardMs);
    stage.sandbox.faults.close('drop', phone);
    await stage.untilState(id, 'reconnecting');
  },
  open: async (id) => void (await stage.openInstance(id)),
  'open, with sends that WhatsApp does not answer': async (id) => {
    const { phone } = await stage.openInstance(id);
    const body = { type: 'text', to: '5511970001234', text: 'answered' };
    expect((await stage.call('POST', `${at(id)}/messages`, body)).status).toBe(201);
    stage.sandbox.faults.freeze(phone);
    const queued = { ...body, text: 'unanswered', wait: 'queued' };
    expect((await stage.call('POST', `${at(id)}/messages`, queued)).status).toBe(201);
    unanswered.push(stage.call('POST', `${at(id)}/messages`, { ...queued, to: '5511970001235' }));
  },
  'logged out': async (id) => {
    await stage.openInstance(id);
    await stage.call('POST', `${at(id)}/logout`);
    await stage.untilState(id, 'logged_out');
  },
};

describe.each(Object.entries(states))('an instance that is %s', (name, bring) => {
  const id = name.replace(/\W+/g, '-').slice(0, 60);

  it('is deleted, and its id starts anew', async () => {
    await bring(id);
    expect((await stage.call('DELETE', at(id))).status).toBe(204);
    expect((await stage.call('GET', at(id))).status).toBe(404);
    stage.sandbox.faults.clear();
    expect((await create(id)).status).toBe(201);
    await expectQr(id);
    expect((await stage.call('DELETE', `${at(id)}?logout=false`)).status).toBe(204);
  });

  it('is restarted and disconnected at once', async () => {
    await bring(id);
    expect((await stage.call('POST', `${at(id)}/restart`)).status).toBe(202);
    expect(await stage.call('POST', `${at(id)}/disconnect`)).toMatchObject({
      status: 202,
      body: { state: 'stopped' },
    });
    stage.sandbox.faults.clear();
    expect((await stage.call('POST', `${at(id)}/connect`)).status).toBe(202);
    await stage.until(
      () => ['open', 'qr'].includes(stage.gateway.commands.getInstance(id)?.status.state ?? ''),
      `${id} is back`,
    );
    expect((await stage.call('DELETE', at(id))).status).toBe(204);
  });
});

it('instances that wait for a handshake slot are deleted without their turn', async () => {
  stage.sandbox.faults.door('frozen', guardMs);
  const ids = Array.from({ length: 30 }, (_, index) => `slot-${index}`);
  for (const id of ids) expect((await create(id)).status).toBe(201);
  const deleted = await Promise.all(ids.toReversed().map((id) => stage.call('DELETE', at(id))));
  expect(deleted.map(({ status }) => status)).toEqual(ids.map(() => 204));
});

// A connect that came while the deletion waited for the old socket opened one that nobody owned: it held the
// account for good, so that the next instance of this id never connected and could not be deleted either.
it('what is asked while it is deleted opens nothing', async () => {
  const id = 'contested';
  for (let round = 0; round < 25; round++) {
    expect((await create(id)).status).toBe(201);
    if (round % 2 === 0) await expectQr(id);
    const deleting = stage.call('DELETE', at(id));
    const asks = [
      stage.call('POST', `${at(id)}/connect`),
      stage.call('GET', `${at(id)}/qr?wait=0`),
      stage.call('POST', `${at(id)}/restart`),
      stage.call('GET', `${at(id)}/qr?wait=5`),
    ];
    expect((await deleting).status).toBe(204);
    const statuses = (await Promise.all(asks)).map(({ status }) => status);
    expect(statuses.filter((status) => ![200, 202, 404, 409].includes(status))).toEqual([]);
    expect(stage.gateway.commands.getInstance(id)).toBeUndefined();
  }
  expect((await create(id)).status).toBe(201);
  await expectQr(id);
});
