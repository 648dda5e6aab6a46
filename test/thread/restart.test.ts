/** A supervised host: what askers see when the thread dies, and that its ref serves again. */
import { afterEach, expect, test } from 'vitest';
import { restartLimits } from '../../src/actor/restart-policy.ts';
import { Supervisor } from '../../src/actor/supervisor.ts';
import { systemClock } from '../../src/clock.ts';
import { type EchoHost, echoHost, failureOf, quietLog } from './harness.ts';

let supervisor: Supervisor | undefined;
afterEach(async () => supervisor?.stop());

const soon = { timeoutMs: 20_000 };

async function supervised(...hosts: EchoHost[]): Promise<{ restarted: Promise<string> }> {
  const restarted = Promise.withResolvers<string>();
  const limits = { ...restartLimits, delayMsMin: 1, unreadyDelayMsMin: 1 };
  supervisor = new Supervisor({ clock: systemClock, log: quietLog, limits, onRestarted: restarted.resolve });
  await supervisor.start(hosts);
  return { restarted: restarted.promise };
}

test('a crash fails the pending asks at once, keeps tells, and the ref serves again', async () => {
  const [host, sibling] = [echoHost(), echoHost({}, { name: 'sibling' })];
  const { restarted } = await supervised(host, sibling);
  const pending = failureOf(host.ref.ask({ kind: 'Never' }, soon));
  const untouched = sibling.ref.ask({ kind: 'Echo', value: 1 }, soon);
  host.ref.tell({ kind: 'Die', way: 'throw' });
  expect(await pending).toMatchObject({
    code: 'actor_restarted',
    failure: { retryAfterMs: expect.any(Number) },
  });
  expect(await failureOf(host.ref.ask({ kind: 'GetCount' }, soon))).toMatchObject({
    code: 'actor_restarted',
  });
  expect(host.ref.tell({ kind: 'Count', number: 8 })).toBe('accepted');
  expect(await restarted).toBe('echo');
  // The tell that crashed it was replayed once, crashed it again, and is set aside.
  expect(await untouched).toBe(1);
  expect(supervisor?.stateOf('sibling')).toBe('running');
});

test('replacing all threads one by one under traffic fails and loses nothing', async () => {
  const hosts = [echoHost({}, { name: 'first' }), echoHost({}, { name: 'second' })];
  await supervised(...hosts);
  let isOver = false;
  const traffic = hosts.map(async ({ ref }) => {
    let asked = 0;
    for (; !isOver; asked++) {
      expect(ref.tell({ kind: 'Count', number: asked })).toBe('accepted');
      expect(await ref.ask({ kind: 'Echo', value: asked }, soon)).toBe(asked);
    }
    return asked;
  });
  await supervisor?.replaceAll();
  isOver = true;
  for (const asked of await Promise.all(traffic)) expect(asked).toBeGreaterThan(0);
  for (const host of hosts) expect(await host.stats()).toMatchObject({ starts: 2, state: 'ready' });
});

test('a thread that crashes while it is replaced is replaced all the same', async () => {
  const host = echoHost();
  await supervised(host);
  const fatal = failureOf(host.ref.ask({ kind: 'Die', way: 'throw' }, soon));
  const replaced = supervisor?.replace('echo');
  host.ref.tell({ kind: 'Count', number: 1 });
  expect(await fatal).toMatchObject({ code: 'actor_restarted' });
  await replaced;
  expect(await host.ref.ask({ kind: 'GetCount' }, soon)).toEqual([1]);
  expect(supervisor?.stateOf('echo')).toBe('running');
});
