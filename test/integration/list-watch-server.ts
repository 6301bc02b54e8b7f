// An API server in this process, over HTTPS, for tests of lists and watches: five config maps are there, and what takes a minute or
// the three seconds that a version from the future is waited for takes a hundredth of that.
import 'reflect-metadata';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '@berth/store';
import { type Clock, seededRandom, silentLogger, systemClock } from '@berth/telemetry';
import { parse } from 'yaml';
import { defaultConfig } from '../../apps/control-plane/src/config.ts';
import { type ControlPlane, startControlPlane } from '../../apps/control-plane/src/control-plane.ts';

const hasty: Clock = { ...systemClock, after: (ms, run) => systemClock.after([60_000, 3_000].includes(ms) ? ms / 100 : ms, run) };
export const store = new MemoryStore({ clock: systemClock });
export const maps = '/api/v1/namespaces/default/configmaps';
let directory: string;
let controlPlane: ControlPlane;
let tls: { ca: string; cert: string; key: string };

export interface Got {
  code: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at in many shapes
  lines: any[];
}

/** @param until ends a watch once it has so many lines */
export function send(method: string, path: string, options: { body?: object; accept?: string; until?: number } = {}): Promise<Got> {
  const { host, port } = controlPlane.address ?? { host: '', port: 0 };
  const headers = { 'content-type': 'application/json', accept: options.accept ?? 'application/json' };
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host, port, path, method, headers, agent: false, ...tls }, (response) => {
      let text = '';
      const lines = () => text.split('\n').slice(0, -1);
      const done = () => resolve({ code: response.statusCode ?? 0, lines: lines().map((line) => JSON.parse(line)) });
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (options.until === undefined || lines().length < options.until) return;
        done();
        request.destroy();
      });
      response.once('end', done);
    });
    request.on('error', reject);
    request.end(options.body && JSON.stringify(options.body));
  });
}

export async function get(path: string, accept?: string) {
  const { code, lines } = await send('GET', path, { accept });
  return { code, ...lines[0] };
}

export const watch = (path: string, until: number, accept?: string) => send('GET', path, { until, accept });
export const create = (name: string, labels = {}) => send('POST', maps, { body: { metadata: { name, labels }, data: { a: 'b' } } });
export const newest = async (): Promise<string> => (await get(`${maps}?limit=1`)).metadata.resourceVersion;
export const names = (list: { items: { metadata: { name: string } }[] }): string[] => list.items.map(({ metadata }) => metadata.name);

export async function startServer(): Promise<void> {
  // What was written before the server started is no watch's to see.
  for (const value of ['1', '2', '3']) {
    await store.transact({ compare: [], writes: [{ type: 'put', key: '/elsewhere', value: Buffer.from(value) }] });
  }
  directory = await mkdtemp(join(tmpdir(), 'berth-list-watch-'));
  const address = { host: '127.0.0.1', port: 0 };
  const config = {
    ...defaultConfig,
    roles: ['api' as const],
    dataDirectory: directory,
    store: { driver: 'memory' as const },
    apiAddress: address,
  };
  const ports = { clock: hasty, random: seededRandom(1), logger: silentLogger };
  controlPlane = await startControlPlane(config, ports, { dashboardDirectory: join(directory, 'none'), store });
  const kubeconfig = parse(await readFile(controlPlane.kubeconfigPath, 'utf8'));
  const decode = (text: string) => Buffer.from(text, 'base64').toString('utf8');
  const { user } = kubeconfig.users[0];
  const ca = decode(kubeconfig.clusters[0].cluster['certificate-authority-data']);
  tls = { ca, cert: decode(user['client-certificate-data']), key: decode(user['client-key-data']) };
  for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name, { half: name < 'c' ? 'first' : 'second' });
}

export async function stopServer(): Promise<void> {
  await controlPlane?.stop();
  await rm(directory, { recursive: true, force: true });
}
