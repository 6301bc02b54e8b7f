// Priority and fairness over real connections: while one client floods the server with requests, another one's are answered.

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KubectlCluster } from './kubectl-cluster.ts';

const seats = 8;
const floodConnections = 200;

let cluster: KubectlCluster;
let tls: { ca: Buffer; cert: Buffer; key: Buffer };
let port: number;

beforeAll(async () => {
  cluster = await KubectlCluster.start(['api'], { requestsInFlightMax: seats });
  const config = parse(await readFile(cluster.controlPlane.kubeconfigPath, 'utf8'));
  const data = (text: string) => Buffer.from(text, 'base64');
  tls = {
    ca: data(config.clusters[0].cluster['certificate-authority-data']),
    cert: data(config.users[0].user['client-certificate-data']),
    key: data(config.users[0].user['client-key-data']),
  };
  port = cluster.controlPlane.address?.port ?? 0;
});
afterAll(() => cluster.stop());

interface Got {
  code: number;
  level: string;
  retryAfter: string | undefined;
  body: string;
}

function get(agent: Agent, path: string, asUser: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { 'impersonate-user': asUser, 'impersonate-group': 'berth:viewers' };
    const asked = request({ ...tls, agent, host: '127.0.0.1', port, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({
          code: response.statusCode ?? 0,
          level: String(response.headers['x-kubernetes-pf-prioritylevel-uid'] ?? ''),
          retryAfter: response.headers['retry-after'],
          body,
        }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('a flood of one client is slowed down, and another client passes it', async () => {
  const noisy = new Agent({ keepAlive: true, maxSockets: floodConnections });
  const quiet = new Agent({ keepAlive: true, maxSockets: 1 });
  let isOver = false;
  const codes = new Map<number, number>();
  const flood = async () => {
    while (!isOver) {
      const { code } = await get(noisy, '/api/v1/pods', 'noisy');
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  const flooding = Promise.all(Array.from({ length: floodConnections }, flood));
  try {
    await get(quiet, '/api/v1/pods', 'quiet');
    for (let count = 0; count < 20; count++) expect((await get(quiet, '/api/v1/pods', 'quiet')).code).toBe(200);
  } finally {
    isOver = true;
    await flooding;
    noisy.destroy();
    quiet.destroy();
  }
  // All were answered: served in turn, or told to come back.
  expect([...codes.keys()].filter((code) => code !== 200 && code !== 429)).toEqual([]);
  expect(codes.get(200)).toBeGreaterThan(0);
});

test('answers name the priority level they were counted in', async () => {
  const agent = new Agent();
  const { stdout } = await cluster.run(['get', 'prioritylevelconfiguration', 'global-default', '-o', 'jsonpath={.metadata.uid}']);
  expect((await get(agent, '/api/v1/pods', 'bob')).level).toBe(stdout);
  agent.destroy();
});

test('kubectl shows the flow schemas, and whether their levels exist', async () => {
  const { stdout } = await cluster.run(['get', 'flowschemas']);
  expect(stdout).toMatch(/^NAME +PRIORITYLEVEL +MATCHINGPRECEDENCE +DISTINGUISHERMETHOD +AGE +MISSINGPL\n/);
  expect(stdout).toMatch(/\nglobal-default +global-default +9900 +ByUser +\S+ +False\n/);
});
