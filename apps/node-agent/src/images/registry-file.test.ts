import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseCommandLine } from '../command-line.ts';
import { nodeCredentials } from './node-registries.ts';
import { noRegistryFile, parseRegistryFile } from './registry-file.ts';
import { hostsFiles, writeHostsFiles } from './registry-hosts.ts';

const whole = `
mirrors:
  docker.io:
    endpoint: ["https://mirror.example.com", "http://10.0.0.1:5000/proxy/v2/"]
  "*":
    endpoint: ["https://mirror.example.com"]
configs:
  mirror.example.com:
    auth: { username: me, password: 'a"b' }
    tls: { ca_file: /etc/ca.crt }
  registry.example.com:5000:
    auth: { auth: bWU6cHc= }
    tls: { cert_file: /c.crt, key_file: /c.key, insecure_skip_verify: true }
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-registries-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the file of registries', () => {
  test('becomes what containerd reads: mirrors in their order, with certificates and credentials', () => {
    const files = hostsFiles(parseRegistryFile(whole));
    expect([...files.keys()]).toEqual(['docker.io', '_default', 'mirror.example.com', 'registry.example.com:5000']);
    expect(files.get('docker.io')?.split('\n').slice(1).join('\n')).toBe(`server = "https://registry-1.docker.io"

[host."https://mirror.example.com"]
capabilities = ["pull", "resolve"]
ca = "/etc/ca.crt"
[host."https://mirror.example.com".header]
Authorization = "Basic ${Buffer.from('me:a"b').toString('base64')}"

[host."http://10.0.0.1:5000/proxy/v2"]
capabilities = ["pull", "resolve"]
override_path = true
`);
    expect(files.get('_default')).not.toContain('server =');
    expect(files.get('mirror.example.com')).not.toContain('[host.');
    const own = files.get('registry.example.com:5000') ?? '';
    expect(own).toContain('server = "https://registry.example.com:5000"\nclient = [["/c.crt", "/c.key"]]\nskip_verify = true\n');
    // Whoever has settings of its own is not left out of what holds for all.
    expect(own).toContain('[host."https://mirror.example.com"]');
  });

  test('gives credentials to pods of this node for its registry', async () => {
    const settings = { file: parseRegistryFile(whole), providers: [], providerDirectory: '' };
    const find = nodeCredentials(settings, { clock: systemClock, logger: silentLogger });
    const [found] = await find('registry.example.com:5000/team/app:1');
    expect([found?.auth, found?.secret]).toEqual([{ username: 'me', password: 'pw' }, undefined]);
    expect(await find('registry.example.com/team/app:1')).toEqual([]);
  });

  test('is written for nobody else to read, and what it no longer says goes, but not what others wrote', async () => {
    await mkdir(join(folder, 'localhost:5055'));
    await writeFile(join(folder, 'localhost:5055', 'hosts.toml'), 'server = "http://localhost:5055"\n');
    await writeHostsFiles(folder, parseRegistryFile(whole));
    expect((await stat(join(folder, 'docker.io', 'hosts.toml'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toHaveLength(5);
    await writeHostsFiles(folder, noRegistryFile);
    expect(await readdir(folder)).toEqual(['localhost:5055']);
    expect(await readFile(join(folder, 'localhost:5055', 'hosts.toml'), 'utf8')).toContain('http://localhost:5055');
  });

  test.each([
    ['mirror: {}', 'mirror: is not one of mirrors, configs'],
    ['mirrors: { docker.io: [a] }', 'mirrors.docker.io: is no map'],
    ['mirrors: { docker.io: { endpoint: [] } }', 'mirrors.docker.io.endpoint: is not a list of addresses'],
    ['mirrors: { docker.io: { endpoint: [mirror.example.com] } }', 'mirrors.docker.io.endpoint[0]: "mirror.example.com" is not an address'],
    ['mirrors: { docker.io: { endpoint: ["https://a:b@m.io"] } }', 'holds credentials; put them under configs.m.io.auth'],
    ['mirrors: { "https://docker.io": { endpoint: ["https://m.io"] } }', 'mirrors.https://docker.io: is not the name of a registry'],
    ['configs: { "../x": {} }', 'configs.../x: is not the name of a registry'],
    ['configs: { m.io: { auth: { password: x } } }', 'configs.m.io.auth: has neither username and password nor auth'],
    ['configs: { m.io: { auth: { auth: bWU= } } }', 'configs.m.io.auth.auth: is not base64(username:password)'],
    ['configs: { m.io: { auth: { username: 1 } } }', 'configs.m.io.auth.username: is no text'],
    ['configs: { m.io: { tls: { ca_file: ca.crt } } }', 'configs.m.io.tls.ca_file: "ca.crt" is not the whole path of a file'],
    ['configs: { m.io: { tls: { cert_file: /c } } }', 'configs.m.io.tls: cert_file and key_file go together'],
    ['- a', 'it: is no map'],
    ['mirrors: {', 'Flow map'],
  ])('%s is refused, with option, file and field', async (text, message) => {
    const path = join(folder, 'registries.yaml');
    await writeFile(path, text);
    const parse = () => parseCommandLine(['--data-dir', '/d', '--gateway', 'h:1', '--node-ip', '192.0.2.1', '--registries', path], {});
    expect(parse).toThrow(`--registries: ${path}: `);
    expect(parse).toThrow(message);
  });
});
