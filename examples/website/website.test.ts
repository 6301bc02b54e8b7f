// What the controller makes of websites, a day and a night long, on simulated time; and what its webhooks say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deployment, Service } from '@berth/sdk/kinds';
import { type Simulation, simulate } from '@berth/sdk/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateTypes, readDefinitions } from '../../libs/sdk/src/types/index.ts';
import { handlers } from './admission.ts';
import { websiteController } from './controller.ts';
import { Website } from './types.ts';

const key = { namespace: 'shop', name: 'front' };
const hourMs = 3_600_000;
let cluster: Simulation;
beforeEach(async () => {
  cluster = await simulate([websiteController]);
});
afterEach(() => cluster.stop());

function makeWebsite(spec: Website['spec']): Promise<Website> {
  return cluster.api.create(Website, { apiVersion: 'example.berth.dev/v1', kind: 'Website', metadata: key, spec });
}

const deployment = () => cluster.api.get(Deployment, key).catch(() => undefined);
const hasReplicas = (count: number) => cluster.eventually(async () => (await deployment())?.spec.replicas === count);

test('a website gets a Deployment and a Service, which follow it and go with it', async () => {
  await makeWebsite({ image: 'web:1', replicas: 2 });
  await hasReplicas(2);
  expect(await cluster.api.get(Service, key)).toMatchObject({
    spec: { selector: { website: 'front' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await cluster.api.patch(Website, key, 'merge', { spec: { image: 'web:2' } });
  await cluster.eventually(async () => (await deployment())?.spec.template.spec?.containers[0]?.image === 'web:2');
  await cluster.api.patch(Deployment, key, 'merge', { status: { replicas: 2, readyReplicas: 1 } }, { subresource: 'status' });
  const status = { replicas: 2, readyReplicas: 1, address: 'http://front.shop/' };
  await cluster.eventually(async () => (await cluster.api.get(Website, key)).status?.readyReplicas === 1);
  expect((await cluster.api.get(Website, key)).status).toEqual(status);
  await cluster.api.delete(Deployment, key);
  await hasReplicas(2);
  await cluster.api.delete(Website, key);
  expect((await cluster.api.list(Deployment)).items).toEqual([]);
});

test('by night one replica is enough', async () => {
  await makeWebsite({ image: 'web:1', replicas: 3, nightly: { from: 22, until: 6 } });
  await hasReplicas(1);
  await cluster.clock.advance(6 * hourMs);
  expect((await deployment())?.spec.replicas).toBe(3);
  await cluster.clock.advance(16 * hourMs);
  expect((await deployment())?.spec.replicas).toBe(1);
});

test('the webhooks refuse, warn and give tags', async () => {
  const ask = (path: keyof typeof handlers, spec: Website['spec']) =>
    handlers[path]({ operation: 'CREATE', object: { apiVersion: 'example.berth.dev/v1', kind: 'Website', metadata: key, spec } });
  expect(await ask('/validate', { image: 'web:1', nightly: { from: 3, until: 3 } })).toMatchObject({
    allowed: false,
    status: { code: 403 },
  });
  expect(await ask('/validate', { image: 'web:latest' })).toMatchObject({ allowed: true, warnings: [expect.stringContaining('tomorrow')] });
  const { patch } = await ask('/default', { image: 'localhost:5000/web' });
  expect(JSON.parse(Buffer.from(String(patch), 'base64').toString())).toEqual([
    { op: 'replace', path: '/spec/image', value: 'localhost:5000/web:latest' },
  ]);
  expect(await ask('/default', { image: 'web@sha256:0' })).toEqual({ allowed: true });
});

test('the types are those of the definition', () => {
  const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
  expect(generateTypes(readDefinitions('crd.yaml', read('crd.yaml')), 'crd.yaml')).toBe(read('types.ts'));
});
