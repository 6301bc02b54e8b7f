import { expect, test } from 'vitest';
import { folder, madeOf, projectOf, web } from '../compose-sample.ts';
import { projectName, startOrder } from './project.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are variables of Compose
test('variables of the shell come before those of .env', () => {
  const project = projectOf(web('command: ["${A}", "${B:-b}", "${C-c}", "${D:+d}", "${E:-${A}-e}", "$$x"]'), {
    files: { '.env': 'A=from file\nC=\nexport D="x"' },
    variables: { A: 'shell' },
  });
  expect(project.services.web?.command).toEqual(['shell', 'b', '', 'd', 'shell-e', '$x']);
  expect(projectOf(web('command: "$GONE x"')).warnings).toEqual(['the variable GONE is not set: it is taken for empty']);
});

test('anchors, merge keys and extensions', () => {
  const project = projectOf(`
x-common: &common { image: nginx, restart: always, environment: { A: a } }
services:
  web: { <<: *common, x-note: [1], environment: { B: b } }
  other: *common`);
  expect(project.services).toEqual({
    web: { image: 'nginx', restart: 'always', environment: { B: 'b' } },
    other: { image: 'nginx', restart: 'always', environment: { A: 'a' } },
  });
});

test('files over each other: mappings merge, lists append, commands are replaced; !reset and !override', () => {
  const base = web(
    'command: a b\nenvironment: [A=1, B=2]\nports: ["80:80", "81:81"]\ndns: [1.1.1.1]\nvolumes: ["a:/x", "b:/y"]\ncap_add: [A]',
  ).concat('\nvolumes: {a: , b: , c: }');
  const over =
    'services: {web: {image: !!str 5, command: c, environment: {B: 3, C: 4}, ports: !override ["82:82"], dns: 8.8.8.8, volumes: ["c:/y"], cap_add: !reset []}}';
  const { web: merged } = projectOf(base, { files: { 'over.yaml': over }, also: ['over.yaml'] }).services;
  expect(merged).toEqual({
    image: '5',
    command: ['c'],
    environment: { A: '1', B: '3', C: '4' },
    ports: { ':82:82/TCP': { published: 82, target: 82, protocol: 'TCP' } },
    dns: ['1.1.1.1', '8.8.8.8'],
    volumes: { '/x': { type: 'volume', source: 'a', target: '/x' }, '/y': { type: 'volume', source: 'c', target: '/y' } },
  });
});

test('extends, of this file and of another, whose paths are relative to it', () => {
  const project = projectOf(
    `services:
  web: { extends: { service: base, file: common/base.yaml }, command: serve }
  api: { extends: web, environment: { B: b } }`,
    { files: { 'common/base.yaml': 'services: {base: {image: app, volumes: ["./data:/data"], environment: {A: a}}}' } },
  );
  expect(project.services.api).toEqual({
    image: 'app',
    command: ['serve'],
    environment: { A: 'a', B: 'b' },
    volumes: { '/data': { type: 'bind', source: `${folder}/common/data`, target: '/data' } },
  });
});

test('include: a project of its own folder and .env', () => {
  const files = { 'db/compose.yaml': 'services: {db: {image: "postgres:${V}", env_file: env}}', 'db/.env': 'V=17', 'db/env': 'P=q' };
  const text = 'include: [db/compose.yaml]\nservices: {web: {image: nginx, depends_on: [db]}}';
  expect(projectOf(text, { files }).services.db).toEqual({ image: 'postgres:17', environment: { P: 'q' } });
  expect(() => projectOf(`${text.slice(0, -1)}, db: {image: x}}`, { files })).toThrow(
    'services.db is in an included file as well, and differs there',
  );
});

test('env_file: several, missing, raw; environment has the last word', () => {
  const files = { a: 'A=1\nB=\'$A\' # no\nC="x\\n${A}"\nD=d # comment\nE', b: 'A=2', raw: 'R="$A"' };
  const keys = 'env_file: [a, {path: b}, {path: gone, required: false}, {path: raw, format: raw}]\nenvironment: {B: own, S: }';
  expect(projectOf(web(keys), { files, variables: { S: 'shell', E: 'e' } }).services.web?.environment).toEqual({
    A: '2',
    B: 'own',
    C: 'x\n1',
    D: 'd',
    E: 'e',
    R: '"$A"',
    S: 'shell',
  });
  expect(() => projectOf(web('env_file: gone'))).toThrow(`services.web.env_file: there is no file ${folder}/gone`);
});

test('profiles: active ones, those of services that are named, and what needs one that is not', () => {
  const text = `services:
  web: { image: a }
  debug: { image: a, profiles: [dev], depends_on: [web] }
  needs: { image: a, profiles: [needs], depends_on: [debug] }`;
  const names = (more: object) => Object.keys(projectOf(text, more).services).sort();
  expect(names({})).toEqual(['web']);
  expect(names({ profiles: ['dev'] })).toEqual(['debug', 'web']);
  expect(names({ profiles: ['*'] })).toEqual(['debug', 'needs', 'web']);
  expect(names({ variables: { COMPOSE_PROFILES: 'x,dev' } })).toEqual(['debug', 'web']);
  expect(names({ services: ['debug'] })).toEqual(['debug', 'web']);
  expect(() => names({ profiles: ['needs'] })).toThrow('services.needs: it needs debug, whose profile is not active: add --profile dev');
  expect(() => names({ services: ['wep'] })).toThrow('there is no service wep: there are debug, needs, web');
});

test('the name of a project: given, of the variable, of the file, of the folder', () => {
  const text = `name: file\n${web('')}`;
  expect(projectOf(text, { name: 'Given_One!', variables: { COMPOSE_PROJECT_NAME: 'v' } }).name).toBe('given-one');
  expect(projectOf(text, { variables: { COMPOSE_PROJECT_NAME: 'v' } }).name).toBe('v');
  expect(projectOf(text).name).toBe('file');
  expect(projectOf(web('')).name).toBe('shop');
  expect(() => projectName('!')).toThrow('name one with -p');
});

test('services start after those that they need, and not in a circle', () => {
  const image = { image: 'a' };
  const needs = (...names: string[]) => ({
    ...image,
    depends_on: Object.fromEntries(names.map((name) => [name, { condition: 'service_started' as const, required: true }])),
  });
  expect(startOrder({ c: needs('b', 'a'), b: needs('a'), a: image, d: image })).toEqual([['a', 'd'], ['b'], ['c']]);
  expect(() => startOrder({ a: needs('b'), b: needs('a') })).toThrow('services depend on each other: a → b → a');
});

const wrong: [about: string, text: string, message: string | RegExp][] = [
  [
    'an unknown key of a service',
    web('\nimagee: x'),
    `${folder}/compose.yaml, line 5: services.web.imagee: there is no such key: did you mean image?`,
  ],
  ['an unknown key', 'service: {}', /line 1: service: there is no such key: did you mean services\?/],
  ['a list that is none', web('ports: 80'), 'line 4: services.web.ports: it is a list, not "80"'],
  ['a mapping that is none', 'services:\n  - web', 'line 1: services: it is a mapping, not a list'],
  ['a number that is none', web('deploy:\n  replicas: many'), 'line 5: services.web.deploy.replicas: it is a whole number, not "many"'],
  ['text that is none', web('hostname: [a]'), 'line 4: services.web.hostname: it is text, not a list'],
  ['a truth that is none', web('privileged: maybe'), 'services.web.privileged: it is true or false, not "maybe"'],
  ['a port', web('ports:\n  - "80:80"\n  - "a:b"'), 'line 6: services.web.ports[1]: "b" is no port between 1 and 65535'],
  ['ranges of ports', web('ports: ["1-3:1-2"]'), 'ranges of different lengths'],
  ['a volume', web('volumes: ["a:b:c:d"]'), 'services.web.volumes[0]: "a:b:c:d" is no volume'],
  ['a place that is relative', web('volumes: ["a:b"]'), '"b" is no absolute path in the container'],
  ['a volume that is not there', web('volumes: ["data:/data"]'), 'services.web.volumes: there is no data under volumes'],
  ['a secret that is not there', web('secrets: [s]'), 'services.web.secrets: there is no s under secrets'],
  [
    'a secret whose file is not there',
    `${web('secrets: [s]')}\nsecrets: {s: {file: gone}}`,
    `secrets.s.file: there is no file ${folder}/gone`,
  ],
  ['a variable that is needed', web('command: "${X:?say which}"'), 'line 4: services.web.command: the variable X is needed: say which'],
  ['a dollar alone', web('command: "a $ b"'), 'write "$$" for a dollar'],
  ['a brace that is open', web('command: "${X"'), 'a "${" has no "}"'],
  ['a quote that is open', web(`command: "a 'b"`), 'services.web.command: "a \'b": a \' is not closed'],
  ['YAML', 'services: {web: [}', /compose.yaml, line 1: /],
  ['a key twice', web('image: b'), 'line 4: Map keys must be unique'],
  ['no mapping at all', '- a', 'line 1: it is no compose file'],
  ['a service without an image', 'services: {web: {command: a}}', 'services.web: it has no image'],
  ['an empty service', 'services:\n  a: {image: b}\n  web:', 'line 3: services.web: it is empty'],
  [
    'what is to be built from elsewhere',
    'services: {web: {build: "https://example.com/app.git#main"}}',
    'services.web.build: "https://example.com/app.git#main" is elsewhere: fetch it, and name its folder',
  ],
  ['a circle of extends', 'services: {a: {extends: b}, b: {extends: a}}', 'services extend each other: a → b → a'],
  ['extends of what is not there', web('extends: gone'), 'services.web.extends: there is no service gone'],
  ['a file that includes itself', 'include: [compose.yaml]', 'files include or extend each other'],
  ['a need that is not there', web('depends_on: [db]'), 'services.web: it needs db, which is no service'],
  ['a condition', web('depends_on: {db: {condition: ready}}\n'), 'services.web.depends_on.db.condition: "ready" is none'],
  ['a name as user', web('user: nginx'), 'services.web.user: "nginx" is a name, which only the image knows'],
  ['restart', web('restart: sometimes'), 'services.web.restart: "sometimes" is none'],
  ['a duration', web('stop_grace_period: soon'), 'services.web.stop_grace_period: "soon" is no duration'],
  ['a size', web('mem_limit: much'), 'services.web.mem_limit: "much" is no size'],
  ['cores', web('cpus: all'), 'services.web.cpus: "all" is no number of cores'],
  ['the network of another', web('network_mode: "service:db"'), 'services.web.network_mode: service:db is not there'],
  [
    'a file system that is not mounted',
    `${web('volumes: ["d:/d"]')}\nvolumes: {d: {driver_opts: {type: nfs, device: ":/x"}}}`,
    'type nfs are not mounted',
  ],
  ['names that are one in DNS', 'services: {a_b: {image: x}, a-b: {image: x}}', 'services.a-b and services.a_b are both a-b in DNS'],
  ['a health check', web('healthcheck: {test: [curl]}'), 'services.web.healthcheck.test: it begins with CMD'],
  ['a mode', `${web('configs: [{source: c, mode: rw}]')}`, 'mode: "rw" is no octal mode'],
];

test.each(wrong)('refused: %s', (_, text, message) => {
  expect(() => madeOf(text)).toThrow(message);
});

test.each([
  ['logging: {driver: x}', 'services.web.logging does not act: the node keeps and rotates logs: berth compose logs shows them'],
  ['ulimits: {nofile: 5}', 'services.web.ulimits does not act: limits are those of the node'],
  ['stop_signal: SIGINT', "services.web.stop_signal does not act: the image's own signal is sent"],
  ['depends_on: {web2: {restart: true}}', 'services.web.depends_on.web2.restart does not act: nothing restarts with it'],
  ['build: {context: ., shm_size: 1g}', 'services.web.build.shm_size does not act: the pod that builds is like all others'],
  ['security_opt: ["label=x"]', 'services.web.security_opt: label:x does not act'],
  [
    'extra_hosts: ["host.docker.internal:host-gateway"]',
    'services.web.extra_hosts.host.docker.internal does not act: host-gateway is no address',
  ],
  [
    'networks: {a: , b: {ipv4_address: 10.0.0.1}}',
    'services.web.networks.b.ipv4_address does not act: pods get their addresses from the node',
  ],
])('warned of: %s', (keys, warning) => {
  const { warnings } = madeOf(`${web(keys)}\n  web2: {image: x}`);
  expect(warnings).toContain(warning);
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are variables of Compose
