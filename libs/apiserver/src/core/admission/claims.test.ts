// Claims: which class they get, and when they may grow.
import { betaStorageClassAnnotation, PersistentVolumeClaim, StorageClass } from '@berth/api';
import type { Client } from '@berth/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer } from '../test-server.ts';

let running: Awaited<ReturnType<typeof startTestServer>>;
let client: Client;
beforeAll(async () => {
  running = await startTestServer();
  client = running.client;
  await client.create(StorageClass, storageClass('usual'));
  await client.create(StorageClass, storageClass('growing', { allowVolumeExpansion: true }));
});
afterAll(() => running.server.stop());

function storageClass(name: string, more: Partial<StorageClass> = {}): StorageClass {
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner: 'example.com/disk', ...more };
}

function claim(name: string, storageClassName?: string, annotations: Record<string, string> = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', annotations },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '8Mi' } },
      ...(storageClassName !== undefined && { storageClassName }),
    },
  };
}

async function bound(name: string, className?: string, annotations?: Record<string, string>): Promise<string> {
  const created = await client.create(PersistentVolumeClaim, claim(name, className, annotations));
  await client.updateStatus(PersistentVolumeClaim, { ...created, status: { phase: 'Bound', capacity: { storage: '8Mi' } } });
  return name;
}

async function grow(name: string, storage = '16Mi'): Promise<PersistentVolumeClaim> {
  const current = await client.get(PersistentVolumeClaim, { namespace: 'default', name });
  return client.update(PersistentVolumeClaim, { ...current, spec: { ...current.spec, resources: { requests: { storage } } } });
}

test('the annotation that named the class before there was a field counts first', async () => {
  expect((await client.create(PersistentVolumeClaim, claim('plain'))).spec.storageClassName).toBe('local');
  expect((await client.create(PersistentVolumeClaim, claim('none', ''))).spec.storageClassName).toBe('');
  const old = await client.create(PersistentVolumeClaim, claim('old', undefined, { [betaStorageClassAnnotation]: 'growing' }));
  expect(old.spec.storageClassName).toBeUndefined();
  const shown = PersistentVolumeClaim.columns.find(({ name }) => name === 'StorageClass')?.value(old, 0);
  expect(shown).toBe('growing');
  const moved = await client.update(PersistentVolumeClaim, { ...old, spec: { ...old.spec, storageClassName: 'growing' } });
  expect(moved.spec.storageClassName).toBe('growing');
  const annotations = { [betaStorageClassAnnotation]: 'usual' };
  await expect(client.update(PersistentVolumeClaim, { ...moved, metadata: { ...moved.metadata, annotations } })).rejects.toThrow(
    'metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "usual": field is immutable',
  );
});

test('a claim grows when its class says that its volumes can', async () => {
  const words =
    'is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  await expect(grow(await bound('fixed', 'usual'))).rejects.toThrow(`persistentvolumeclaims "fixed" ${words}`);
  await expect(grow(await bound('classless', ''))).rejects.toThrow(`persistentvolumeclaims "classless" ${words}`);
  expect((await grow(await bound('elastic', 'growing'))).spec.resources?.requests?.storage).toBe('16Mi');
  const annotated = await bound('annotated', undefined, { [betaStorageClassAnnotation]: 'growing' });
  expect((await grow(annotated)).spec.resources?.requests?.storage).toBe('16Mi');
  // Nothing grows here.
  expect((await grow('fixed', '8Mi')).spec.resources?.requests?.storage).toBe('8Mi');
});

test('a claim that is not bound does not grow', async () => {
  await client.create(PersistentVolumeClaim, claim('pending', 'growing'));
  // What the specification allows is judged first.
  await expect(grow('pending')).rejects.toThrow('spec is immutable after creation except resources.requests');
});
