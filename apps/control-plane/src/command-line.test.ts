import { describe, expect, it } from 'vitest';
import { parseCommandLine } from './command-line.ts';

const parse = (...options: string[]) => parseCommandLine(['--data-dir', '/data', ...options])?.config;

describe('command line', () => {
  it('fills in defaults', () => {
    expect(parse()).toMatchObject({
      roles: ['api', 'agents', 'controllers', 'scheduler'],
      store: { driver: 'sqlite', file: '/data/store.sqlite' },
      apiAddress: { host: '127.0.0.1', port: 6443 },
    });
  });

  it('reads what it is given', () => {
    const config = parse(
      '--store',
      'etcd',
      '--etcd-endpoints',
      'http://a:1,http://b:2',
      '--roles',
      'api,scheduler',
      '--api-address',
      '[::1]:7443',
    );
    expect(config?.store).toEqual({ driver: 'etcd', endpoints: ['http://a:1', 'http://b:2'] });
    expect(config?.roles).toEqual(['api', 'scheduler']);
    expect(config?.apiAddress).toEqual({ host: '::1', port: 7443 });
    expect([...(parse('--load-balancer-pool', '10.9.0.1-10.9.0.2')?.loadBalancerPool?.addresses() ?? [])]).toEqual([
      '10.9.0.1',
      '10.9.0.2',
    ]);
    expect(parse('--advertise-address', '10.0.0.1:6443')?.advertiseAddress).toEqual({ host: '10.0.0.1', port: 6443 });
  });

  it.each([
    [[], '--data-dir'],
    [['--data-dir', '/d', '--store', 'redis'], '--store: "redis" is not one of sqlite, memory, etcd'],
    [['--data-dir', '/d', '--roles', 'api,cook'], '--roles: "cook"'],
    [['--data-dir', '/d', '--api-address', '6443'], '--api-address: "6443" is not HOST:PORT'],
    [['--data-dir', '/d', '--api-address', 'a:70000'], '--api-address'],
    [['--data-dir', '/d', '--advertise-address', '127.0.0.1:6443'], '--advertise-address: "127.0.0.1"'],
    [['--data-dir', '/d', '--advertise-address', 'localhost:6443'], '--advertise-address: "localhost"'],
    [['--data-dir', '/d', '--service-cidr', '10.0.0.0'], '--service-cidr'],
    [['--data-dir', '/d', '--node-port-range', '9-3'], '--node-port-range'],
    [['--data-dir', '/d', '--load-balancer-pool', '10.9.0.5-10.9.0.1'], '--load-balancer-pool: 10.9.0.5-10.9.0.1 ends before it begins'],
    [['--data-dir', '/d', '--load-balancer-pool', '10.244.3.0/28'], '10.244.3.0/28 overlaps with --cluster-cidr 10.244.0.0/16'],
    [
      ['--data-dir', '/d', '--load-balancer-pool', '10.96.0.1', '--service-cidr', '10.96.0.0/24'],
      'overlaps with --service-cidr 10.96.0.0/24',
    ],
    [['--data-dir', '/d', '--load-balancer-pool', '10.9.0.0/28', '--advertise-address', '10.9.0.3:1'], '--advertise-address 10.9.0.3'],
    [['--data-dir', '/d', '--etcd-cafile', '/ca'], '--etcd-cafile means nothing with --store sqlite'],
    [['--data-dir', '/d', '--store', 'etcd', '--etcd-cafile', '/ca'], '--etcd-endpoints: http://127.0.0.1:2379 is not encrypted'],
    [['--data-dir', '/d', '--store', 'etcd', '--etcd-certfile', '/c'], '--etcd-certfile and --etcd-keyfile go together'],
    [['--data-dir', '/d', '--store', 'etcd', '--etcd-certfile', '/c', '--etcd-keyfile', '/k'], '--etcd-certfile goes with --etcd-cafile'],
    [['--data-dir', '/d', '--etcd-endpoints', 'http://x'], '--etcd-endpoints means nothing with --store sqlite'],
    [['--data-dir', '/d', '--wrong'], "'--wrong'"],
    [['--data-dir', '/d', '--interface', 'nosuch0'], '--interface: "nosuch0" has no IPv4 address'],
    [
      ['--data-dir', '/d', '--interface', 'x', '--advertise-address', '10.0.0.1:1'],
      '--interface and --advertise-address exclude each other',
    ],
  ])('refuses %j naming the option', (argv, message) => {
    expect(() => parseCommandLine(argv)).toThrow(message);
  });
});
