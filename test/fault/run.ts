/**
 * `npm run faults -- NAME [--seed N] [--rounds N] [--instances N]`: one fault scenario under traffic, judged
 * against the sandbox's ground truth. Prints its seed; exits 1 when a promise was broken.
 */
import { parseArgs } from 'node:util';
import { playAlerts } from './alerts.ts';
import { faultKey, Ground } from './ground.ts';
import { seeded } from './random.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { Traffic } from './traffic.ts';
import { judge, settle } from './verdict.ts';
import { playWebhooks } from './webhooks.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    rounds: { type: 'string' },
    instances: { type: 'string', default: '20' },
    inbound: { type: 'string', default: '50' },
    sends: { type: 'string', default: '20' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '120' },
    alert: { type: 'string' },
  },
});

async function play(name: string, scenario: Scenario): Promise<boolean> {
  const seed = Number(values.seed);
  const random = seeded(seed);
  const rounds = Number(values.rounds ?? scenario.roundsDefault);
  console.log(`fault ${name}: ${scenario.about}; seed ${seed}, ${rounds} rounds`);
  const ground = await Ground.prepare(scenario.env);
  try {
    if (scenario.tmpfsMegabytes) await ground.mountSmallDisk(scenario.tmpfsMegabytes);
    await (scenario.isInProcess ? ground.startInProcess() : ground.start());
    const members = await ground.openInstances(Number(values.instances));
    console.log(`${members.length} instances open`);
    const { sandbox, baseUrl } = ground;
    const rates = { inboundPerSecond: Number(values.inbound), sendsPerSecond: Number(values.sends) };
    const traffic = new Traffic({ sandbox, members, random, baseUrl, key: faultKey, ...rates });
    const qrsBefore = ground.hook.of('instance.qr').length;
    traffic.start();
    let corruptions = 0;
    await scenario.run({
      ground,
      members,
      random,
      rounds,
      log: (line) => console.log(`  ${line}`),
      corrupted: () => {
        corruptions += 1;
      },
    });
    await settle(ground, traffic);
    const verdict = judge(ground, traffic, corruptions);
    const qrs = ground.hook.of('instance.qr').length - qrsBefore;
    const broken =
      qrs > 0 ? [...verdict.broken, `${qrs} QR codes were shown: a session was lost`] : verdict.broken;
    console.table(verdict.figures);
    for (const line of broken) console.log(`BROKEN: ${line}`);
    console.log(
      `${broken.length === 0 ? 'PASS' : 'FAIL'} ${name} (replay: npm run faults -- ${name} --seed ${seed} --rounds ${rounds})`,
    );
    return broken.length === 0;
  } finally {
    const said = ground.complaints();
    if (said.length > 0)
      console.log(`the gateway logged ${said.length} errors, the last: ${said.slice(-5).join('\n')}`);
    await ground.end();
  }
}

/** Runs of their own kind: five endpoints instead of one, see webhooks.ts. `--rounds` is the number of kills. */
const webhookKills: Readonly<Record<string, number>> = { webhooks: 0, 'webhooks-kill': 10 };

function playOne(name: string): Promise<boolean> {
  const scenario = scenarios[name];
  if (scenario) return play(name, scenario);
  if (name === 'alerts') return playAlerts(values.alert);
  const seconds = Number(values.seconds);
  return playWebhooks({
    name,
    seed: Number(values.seed),
    kills: webhookKills[name] === 0 ? 0 : Number(values.rounds ?? webhookKills[name]),
    instances: Number(values.instances),
    perSecond: Number(values.rate),
    seconds,
    aloneSeconds: seconds / 4,
  });
}

const known = [...Object.keys(scenarios), ...Object.keys(webhookKills), 'alerts'];
const names = positionals.length > 0 ? positionals : known;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`unknown fault ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  process.exit(2);
}
let isWhole = true;
for (const name of names) isWhole = (await playOne(name)) && isWhole;
process.exit(isWhole ? 0 : 1);
