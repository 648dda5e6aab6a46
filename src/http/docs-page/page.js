// Shows /openapi.json: one block a tag, one fold an operation. Text goes in as text nodes, never as markup.
const methods = ['get', 'post', 'put', 'patch', 'delete'];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function resolve(document_, schema, depth = 0) {
  if (!schema || typeof schema !== 'object' || depth > 6) return schema;
  if (Array.isArray(schema)) return schema.map((item) => resolve(document_, item, depth));
  if (typeof schema.$ref === 'string') {
    const target = schema.$ref
      .slice(2)
      .split('/')
      .reduce((node, part) => node?.[part], document_);
    return resolve(document_, target, depth + 1);
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, resolve(document_, value, depth + 1)]),
  );
}

const shown = (document_, schema) => element('pre', {}, JSON.stringify(resolve(document_, schema), null, 2));

function parameters(list) {
  const rows = list.map((item) =>
    element(
      'tr',
      {},
      element('td', {}, element('code', {}, item.name)),
      element('td', {}, `${item.in}${item.required ? ', required' : ''}`),
      element('td', {}, JSON.stringify(item.schema ?? {})),
    ),
  );
  return element('table', {}, ...rows);
}

/** The examples of a body, by name where there are several. */
function shownExamples({ example, examples = {} }) {
  const named = Object.entries(examples).map(([name, { value }]) => [`Example: ${name}`, value]);
  return (example === undefined ? named : [['Example', example]]).flatMap(([title, value]) => [
    element('p', {}, title),
    element('pre', {}, JSON.stringify(value, null, 2)),
  ]);
}

function bodies(document_, content = {}) {
  return Object.entries(content).flatMap(([type, media]) => [
    element('p', {}, element('code', {}, type)),
    ...shownExamples(media),
    element('p', {}, 'Schema'),
    shown(document_, media.schema),
  ]);
}

function operation(document_, path, method, spec) {
  const parts = [
    element('summary', {}, element('b', {}, method), element('code', {}, path), ` — ${spec.summary ?? ''}`),
  ];
  if (spec.parameters?.length) parts.push(element('h4', {}, 'Parameters'), parameters(spec.parameters));
  if (spec.requestBody) parts.push(element('h4', {}, 'Body'), ...bodies(document_, spec.requestBody.content));
  for (const [status, answer] of Object.entries(spec.responses ?? {})) {
    parts.push(element('h4', {}, `${status} — ${answer.description}`));
    if (/^2/.test(status)) parts.push(...bodies(document_, answer.content));
  }
  return element('details', {}, ...parts);
}

function byTag(document_) {
  const tags = new Map();
  const add = (tag, item) => tags.set(tag, [...(tags.get(tag) ?? []), item]);
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const method of methods) {
      const spec = item[method];
      if (spec) add(spec.tags?.[0] ?? 'other', operation(document_, path, method, spec));
    }
  }
  for (const [type, item] of Object.entries(document_.webhooks ?? {})) {
    add('events', operation(document_, type, 'post', item.post));
  }
  return tags;
}

function show(document_) {
  const tags = byTag(document_);
  document.getElementById('version').textContent = document_.info.version;
  const links = [...tags.keys()].map((tag) => element('a', { href: `#${tag}` }, tag));
  document.getElementById('tags').replaceChildren(...links);
  const blocks = [...tags].flatMap(([tag, items]) => [element('h2', { id: tag }, tag), ...items]);
  document.getElementById('operations').replaceChildren(...blocks);
}

show(await (await fetch('/openapi.json')).json());
