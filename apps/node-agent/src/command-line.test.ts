import { describe, expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';

const ports = (...more: string[]) =>
  parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', ...more], {})?.config.ingressPorts;

describe('Ingresses are served', () => {
  test('on the usual ports, on others, on one of them, or nowhere', () => {
    expect(ports()).toEqual({ http: 80, https: 443 });
    expect(ports('--ingress-http-port', '8080', '--ingress-https-port', '8443')).toEqual({ http: 8080, https: 8443 });
    expect(ports('--ingress-http-port', '0')).toEqual({ http: undefined, https: 443 });
    expect(ports('--ingress-http-port', '0', '--ingress-https-port', '0')).toEqual({ http: undefined, https: undefined });
  });

  test.each(['65536', '-1', '80.5', '', 'http'])('on no port %j, and the option is named', (port) => {
    expect(() => ports(`--ingress-https-port=${port}`)).toThrow(/^--ingress-https-port: ".*" is not a port/);
  });

  test('on two ports, not on one for both', () => {
    expect(() => ports('--ingress-http-port', '443')).toThrow('--ingress-https-port: 443 is the port of --ingress-http-port');
  });
});

const config = (...more: string[]) => parseCommandLine(['--data-dir', '/d', '--node-ip', '192.0.2.1', ...more], {})?.config;

const token = `berth1.0123456789.secret.${'ab'.repeat(32)}`;

describe('the control plane is', () => {
  test('where its URL or address says, and asked for by a token', () => {
    expect(config('--server', 'https://192.0.2.9')?.gateway).toEqual({ host: '192.0.2.9', port: 6444 });
    expect(config('--server', 'https://[2001:db8::1]:7444/')?.gateway).toEqual({ host: '2001:db8::1', port: 7444 });
    expect(config('--gateway', 'h:1', '--token', token)).toMatchObject({ gateway: { host: 'h', port: 1 }, joinToken: token });
  });

  test.each([
    [[], '--server is required'],
    [['--server', 'http://h'], '--server: "http://h" is not https://HOST'],
    [['--server', 'h:6444'], '--server: "h:6444" is not https://HOST'],
    [['--server', 'https://h/path'], '--server: '],
    [['--server', 'https://h', '--token', 'berth1.half'], '--token: the join token is malformed: copy it whole'],
    [['--server', 'https://h', '--join-token', ''], '--join-token: the join token is malformed'],
    [['--server', 'https://h', '--gateway', 'h:1'], '--server and --gateway exclude each other'],
  ])('not where %j says', (argv, message) => {
    expect(() => config(...argv)).toThrow(message);
  });

  test('of no matter to whoever removes the node', () => {
    expect(parseCommandLine(['--data-dir', '/d', '--tear-down'], {})?.tearDown).toBe(true);
  });
});

describe('containers are run', () => {
  const runtime = (...more: string[]) => config('--server', 'https://h', ...more);

  test('by what is found, by programs that are named, or by a containerd that is given', () => {
    expect(runtime()).toMatchObject({ runtimeEndpoint: undefined, programs: { containerd: 'containerd', ociRuntime: undefined } });
    expect(runtime('--containerd', '/opt/2/containerd', '--oci-runtime', 'crun')?.programs).toEqual({
      containerd: '/opt/2/containerd',
      ociRuntime: 'crun',
    });
    expect(runtime('--runtime-endpoint', 'unix:///run/c.sock')?.runtimeEndpoint).toBe('unix:///run/c.sock');
  });

  test.each([
    [['--containerd', ''], '--containerd: say which program'],
    [['--oci-runtime='], '--oci-runtime: say which program'],
    [['--oci-runtime', 'crun', '--runtime-endpoint', '/c.sock'], '--oci-runtime and --runtime-endpoint exclude each other'],
  ])('not as %j says', (argv, message) => {
    expect(() => runtime(...argv)).toThrow(message);
  });
});

describe('a node is registered with', () => {
  const joined = (...more: string[]) => config('--server', 'https://h', ...more);

  test('its taints, its number of pods and what is kept from them', () => {
    expect(joined('--register-with-taints', 'dedicated=db:NoSchedule,example.com/x:NoExecute')?.taints).toEqual([
      { key: 'dedicated', value: 'db', effect: 'NoSchedule' },
      { key: 'example.com/x', effect: 'NoExecute' },
    ]);
    expect(joined('--max-pods', '20', '--system-reserved', 'cpu=250m,memory=1Gi,ephemeral-storage=2G')).toMatchObject({
      podsMax: 20,
      reserved: { cpuMillis: 250, memoryBytes: 2 ** 30, storageBytes: 2e9 },
    });
    expect(joined()).toMatchObject({ taints: [], podsMax: 110, reserved: {} });
  });

  test.each([
    ['--register-with-taints', 'a=b', 'is not KEY=VALUE:EFFECT'],
    ['--register-with-taints', 'a=b:Sometimes', 'is not KEY=VALUE:EFFECT'],
    ['--register-with-taints', 'a:NoExecute,a=b:NoExecute', 'a is there twice with NoExecute'],
    ['--max-pods', '0', 'is not a number from 1 to 250'],
    ['--max-pods', '251', 'is not a number from 1 to 250'],
    ['--system-reserved', 'gpu=1', 'is not RESOURCE=QUANTITY'],
    ['--system-reserved', 'cpu=much', '"much" is not a quantity'],
    ['--system-reserved', 'cpu=-1', 'is not a quantity'],
    ['--interface', 'nosuch0', '--interface and --node-ip exclude each other'],
  ])('not by %s %j', (option, text, message) => {
    expect(() => joined(`${option}=${text}`)).toThrow(message);
  });

  test('no address of an interface that is not there', () => {
    expect(() => parseCommandLine(['--data-dir', '/d', '--server', 'https://h', '--interface', 'nosuch0'], {})).toThrow(
      '--interface: "nosuch0" has no IPv4 address that others can reach; there are lo',
    );
  });
});
