// What agents are sent of Ingresses, over sessions.

import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ingress, IngressClass, Secret } from '@berth/api';
import { CertificateAuthority } from '@berth/pki';
import type { IngressCertificate } from '@berth/protocol';
import { systemClock } from '@berth/telemetry';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFixture } from './hub-fixture.ts';

let fixture: HubFixture;

beforeEach(async () => {
  fixture = new HubFixture();
  await fixture.hub.start();
});

afterEach(() => fixture.stop());

const ingressClass = (name: string, controller: string): IngressClass => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name },
  spec: { controller },
});

const ingress = (name: string, spec: Ingress['spec']): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'default', managedFields: [] },
  spec,
});

async function pairSecret(name: string): Promise<Secret> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-view-'));
  const authority = await CertificateAuthority.open(folder.path, systemClock, 'test');
  const { certificate, key } = await authority.issueServing('x', ['x.test']);
  const data = {
    'tls.crt': Buffer.from(certificate).toString('base64'),
    'tls.key': Buffer.from(key).toString('base64'),
    other: 'c2VjcmV0',
  };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, data };
}

test("agents get the Ingresses of Berth's classes and the certificates that these name, and nothing else of any Secret", async () => {
  const { client, clock } = fixture;
  await client.create(IngressClass, ingressClass('berth', 'berth.io/ingress'));
  await client.create(IngressClass, ingressClass('nginx', 'k8s.io/ingress-nginx'));
  for (const name of ['used', 'unused']) await client.create(Secret, await pairSecret(name));
  const tls = [{ hosts: ['x.test'], secretName: 'used' }, { secretName: 'missing' }];
  await client.create(Ingress, ingress('ours', { ingressClassName: 'berth', tls, rules: [{ host: 'x.test' }] }));
  await client.create(Ingress, ingress('theirs', { ingressClassName: 'nginx', tls: [{ secretName: 'unused' }] }));
  await client.create(Ingress, ingress('nobodys', { tls: [{ secretName: 'unused' }] }));
  const agent = fixture.agent('one');
  await clock.advance(200);
  expect(agent.keys).toEqual(['Ingress/ours', 'IngressCertificate/used']);
  const { metadata, spec } = agent.objects.get('IngressCertificate/used') as IngressCertificate;
  expect(spec.names).toEqual(['x.test']);
  expect(Object.keys(spec).sort()).toEqual(['certificate', 'key', 'names']);
  expect(JSON.stringify({ metadata, spec })).not.toContain('c2VjcmV0');
});

test('a status is no reason to send an Ingress again; a class that changes hands, a Secret and a deletion are', async () => {
  const { client, clock } = fixture;
  await client.create(IngressClass, ingressClass('berth', 'berth.io/ingress'));
  const made = await client.create(Ingress, ingress('ours', { ingressClassName: 'berth', tls: [{ secretName: 'late' }] }));
  const agent = fixture.agent('one');
  await clock.advance(200);
  const statesBefore = agent.states.length;
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } };
  const written = await client.update(Ingress, { ...made, status });
  await clock.advance(200);
  expect(agent.states.length).toBe(statesBefore);
  const secret = await client.create(Secret, await pairSecret('late'));
  await clock.advance(200);
  expect(agent.keys).toEqual(['Ingress/ours', 'IngressCertificate/late']);
  await client.update(Secret, { ...secret, data: { 'tls.crt': 'YQ==' } });
  await clock.advance(200);
  expect(agent.keys).toEqual(['Ingress/ours']);
  const ours = await client.get(IngressClass, { name: 'berth' });
  await client.update(IngressClass, { ...ours, spec: { controller: 'other.io/ingress' } });
  await clock.advance(200);
  expect(agent.keys).toEqual([]);
  const again = await client.get(IngressClass, { name: 'berth' });
  await client.update(IngressClass, { ...again, spec: { controller: 'berth.io/ingress' } });
  await clock.advance(200);
  expect(agent.keys).toEqual(['Ingress/ours']);
  await client.delete(Ingress, written.metadata, {});
  await clock.advance(200);
  expect(agent.keys).toEqual([]);
});
