/**
 * The routes of the control API. Each is a line or two: it reads fields and calls the library.
 */
import { contactRoutes } from './contact-routes.ts';
import { faultRoutes } from './fault-routes.ts';
import { optionalText, textField } from './fields.ts';
import type { ControlRoute } from './server.ts';

const about: ControlRoute = ({ sandbox }) => ({
  url: sandbox.url,
  rootKey: sandbox.rootKey,
  caFile: sandbox.caFile,
  routes: Object.keys(controlRoutes),
});

const scan: ControlRoute = ({ sandbox, body }) => {
  const phone = optionalText(body, 'phone');
  return sandbox.scan(textField(body, 'qr'), phone === undefined ? {} : { phone });
};

const ledger: ControlRoute = ({ sandbox, query }) => {
  const filter = (name: string): string | undefined => query.get(name) ?? undefined;
  return {
    entries: sandbox.ledger({
      account: filter('account'),
      direction: filter('direction'),
      kind: filter('kind'),
      state: filter('state'),
      id: filter('id'),
    }),
    forgotten: sandbox.world.ledger.forgotten,
  };
};

export const controlRoutes: Readonly<Record<string, ControlRoute>> = {
  'GET /': about,
  'GET /stats': ({ sandbox }) => sandbox.stats(),
  'GET /ledger': ledger,
  'POST /scan': scan,
  'POST /code': ({ sandbox, body }) => sandbox.enterCode(textField(body, 'phone'), textField(body, 'code')),
  'GET /groups': ({ sandbox }) =>
    sandbox.world.groups.all().map((group) => ({ ...group, members: Object.fromEntries(group.members) })),
  'GET /calls': ({ sandbox }) => [...sandbox.world.calls.values()],
  'POST /drop': ({ sandbox, body }) => ({ dropped: sandbox.dropConnections(optionalText(body, 'phone')) }),
  ...contactRoutes,
  ...faultRoutes,
};
