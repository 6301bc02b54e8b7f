// Whatever a compose file says: either it is refused in words, or every object that is made of it is valid to the API.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ComposeError } from '../compose-error.ts';
import { everyObject, folder, invalidities, madeOf } from '../compose-sample.ts';

const names = ['web', 'my_api', 'DB', '0cache', 'a.b'];
const some = <T>(...values: T[]) => fc.constantFrom(...values);
const subset = <T>(...values: T[]) => fc.subarray(values);

/** What people write, each key with several forms. */
const service = fc.record(
  {
    image: fc.oneof(
      { weight: 9, arbitrary: some<unknown>('nginx', 'localhost:5000/a/b:1@sha256:x') },
      { weight: 1, arbitrary: some<unknown>(5, true) },
    ),
    command: some<unknown>('run "a b"', ['a', 'b'], [], '', null),
    entrypoint: some<unknown>('sh -c', ['/run'], 'x'),
    environment: some<unknown>({ A: 1, B: null, 'C.D': true }, ['A=b', 'NONE'], []),
    ports: subset<unknown>('80:80', '8080-8081:80-81', '443', '127.0.0.1:90:90/udp', '[::1]:91:91', {
      target: 80,
      published: 82,
      protocol: 'udp',
    }),
    expose: subset('80', '90-92', '53/udp'),
    volumes: subset<unknown>('data:/data', './x:/x:ro', '/anon', { type: 'tmpfs', target: '/t', tmpfs: { size: 100 } }, '~/y:/y:rshared', {
      type: 'image',
      source: 'busybox',
      target: '/image',
    }),
    tmpfs: some<unknown>('/run', ['/tmp:size=1m']),
    networks: some<unknown>(['front'], { front: { aliases: ['one', 'two_b', 'three'] } }),
    depends_on: some<unknown>(
      ['base'],
      { base: { condition: 'service_healthy' } },
      { gone: { condition: 'service_completed_successfully', required: false } },
    ),
    healthcheck: some<unknown>(
      { test: 'x', interval: '1s' },
      { test: ['CMD', 'a'], start_period: '2m', retries: 0 },
      { disable: true },
      { timeout: '0s', test: 'y' },
    ),
    restart: some('no', 'always', 'on-failure', 'on-failure:2', 'unless-stopped'),
    deploy: some<unknown>(
      { replicas: 0 },
      { replicas: 3, update_config: { parallelism: 0, order: 'start-first' } },
      { mode: 'global' },
      {
        mode: 'replicated-job',
        resources: { limits: { cpus: '0.001', memory: '1k' } },
      },
      { resources: { reservations: { cpus: 4, memory: '2g' }, limits: { memory: '1g' } } },
    ),
    cpus: some(0, 0.5, 2),
    mem_limit: some<unknown>('6m', '1.5g', 1000),
    user: some('1000', '0:0', 'root', '1:root'),
    hostname: some('box', 'Box.example', 'a-b'),
    container_name: some('box', 'my_box', 'web'),
    labels: some<unknown>({ 'a.b/c': 'x y', 'bad key': 1 }, ['x=y', 'z']),
    cap_add: subset('ALL', 'CAP_SYS_TIME', 'net_raw'),
    privileged: fc.boolean(),
    security_opt: subset('no-new-privileges', 'seccomp:unconfined', 'label:disable'),
    read_only: fc.boolean(),
    init: fc.boolean(),
    network_mode: some('host', 'bridge'),
    pid: some('host', 'x'),
    stop_grace_period: some('0s', '1h', '1.5s'),
    extra_hosts: some<unknown>(['a:1.2.3.4', 'b.example=::1'], { c: '10.0.0.1' }),
    dns: some<unknown>('1.1.1.1', ['1.1.1.1', '8.8.8.8']),
    configs: some<unknown>(['c'], [{ source: 'c', target: '/etc/c', mode: '0777' }]),
    secrets: some<unknown>(['s'], [{ source: 's', target: 'x' }]),
    group_add: some<unknown>([5], ['audio']),
    sysctls: some<unknown>({ 'net.core.somaxconn': 5 }),
    shm_size: some<unknown>('64m', 1000),
    pull_policy: some('always', 'never', 'daily', 'every_12h'),
    platform: some('linux', 'linux/amd64', 'linux/arm/v7'),
    logging: some<unknown>({ driver: 'x' }),
    profiles: some<unknown>([], ['dev']),
  },
  { requiredKeys: ['image'] },
);

const file = fc.record({
  services: fc
    .dictionary(some(...names), service, { minKeys: 1, maxKeys: 3 })
    .map((services) => ({ ...services, base: { image: 'base' } })),
  volumes: some<unknown>(
    { data: null },
    { data: { name: 'Other_Data', labels: ['a=b'] } },
    { data: { external: true } },
    { data: { driver_opts: { type: 'none', o: 'bind', device: '/d' } } },
  ),
  configs: some<unknown>({ c: { content: 'x' } }, { c: { external: true, name: 'given' } }),
  secrets: some<unknown>({ s: { environment: 'SECRET' } }),
});

test('objects of files as people write them are valid', () => {
  let made = 0;
  fc.assert(
    fc.property(file, (value) => {
      try {
        const objects = madeOf(stringify(value), { variables: { SECRET: 'x', HOME: '/home/ann' }, profiles: ['*'] });
        expect({ value, wrong: everyObject(objects).flatMap(invalidities) }).toEqual({ value, wrong: [] });
        made++;
      } catch (error) {
        if (!(error instanceof ComposeError)) throw error;
      }
    }),
    { numRuns: 150, seed: 1 },
  );
  // Many are not refused.
  expect(made).toBeGreaterThan(50);
});

test('whatever stands at a key, it is taken or refused with the file’s name or the service’s', () => {
  const keys = [
    'build',
    'extends',
    'env_file',
    'links',
    'ulimits',
    'x-any',
    'nonsense',
    'image',
    'ports',
    'volumes',
    'environment',
    'healthcheck',
  ];
  keys.push('deploy', 'depends_on', 'networks', 'command', 'secrets', 'user', 'tmpfs', 'configs', 'hostname', 'restart', 'profiles');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Compose
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('$', '${', '${A:?}', 'a:b:c:d', '99999', '-1', '1e9'));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), anything, { maxKeys: 3 }), (value) => {
      try {
        madeOf(stringify({ services: { web: { image: 'x', ...value } } }));
      } catch (error) {
        expect(error).toBeInstanceOf(ComposeError);
        expect((error as Error).message).toMatch(new RegExp(`${folder}/compose.yaml|services\\.web|there is no file|depend on each other`));
      }
    }),
    { numRuns: 300, seed: 2 },
  );
});
