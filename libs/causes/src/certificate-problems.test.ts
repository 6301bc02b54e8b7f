// Certificates of Ingresses, of webhooks and of the cluster itself: which are told of, and when.
import type { APIService, Ingress, MutatingWebhookConfiguration } from '@berth/api';
import { selfSigned } from '@berth/testing';
import { expect, test } from 'vitest';
import { CertificateError, readCertificates } from './certificates/certificate.ts';
import { findCards, type Known, readMeasures, whyClaim, whyNode } from './index.ts';
import { ago, claim, known, n1, nothing, now } from './test-known.ts';

const dayMs = 86_400_000;
const lasting = (days: number, names = ['shop.example.com']) =>
  selfSigned(names, { beginsAtMs: now - 90 * dayMs, endsAtMs: now + days * dayMs }).then(({ certificate }) => certificate);

test('a certificate is read as others read it: when it begins and ends, and for whom', async () => {
  const pem = `${await lasting(10, ['Shop.example.com', '*.shop.example.com'])}between\n${await lasting(40 * 365, ['far'])}`;
  const [one, far] = readCertificates(pem);
  expect(one).toEqual({ beginsAtMs: now - 90 * dayMs, endsAtMs: now + 10 * dayMs, names: ['shop.example.com', '*.shop.example.com'] });
  // Beyond 2049 they have another form.
  expect(far?.endsAtMs).toBe(now + 40 * 365 * dayMs);
  expect(readCertificates('nothing of it')).toEqual([]);
  const broken = (base64: string) => () => readCertificates(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----`);
  for (const base64 of ['YQ==', 'MIIB', 'MAA=', 'MIT/////', 'MAMCAQE=']) expect(broken(base64)).toThrow(CertificateError);
});

const ingress = (hosts: string[]): Ingress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { namespace: 'shop', name: 'front', creationTimestamp: ago(600) },
  spec: { tls: [{ hosts, secretName: 'tls' }] },
});
const ofIngress = (pem: string | null | undefined, hosts = ['shop.example.com']) => {
  const certificates = new Map(pem === undefined ? [] : [['shop/tls', pem]]);
  return findCards({ ...nothing, ingresses: [ingress(hosts)], certificates }).map(({ cause }) => `${cause.reason} ${cause.says}`);
};

test('the certificate of an Ingress: missing, none, ended, about to end, for another host; of one that is not known, nothing', async () => {
  expect(ofIngress(undefined)).toEqual([]);
  expect(ofIngress(null)).toEqual([expect.stringMatching(/^SecretNotFound spec\.tls\[0\]: secret tls does not exist/)]);
  expect(ofIngress('')).toEqual([expect.stringMatching(/^InvalidCertificate .*holds no certificate/)]);
  expect(ofIngress(await lasting(-2))).toEqual([
    'CertificateExpired spec.tls[0]: the certificate of secret tls ended on 2026-11-21, 2d ago',
  ]);
  expect(ofIngress(await lasting(10))).toEqual([expect.stringMatching(/^CertificateEnding .* ends on 2026-12-03, in 10d/)]);
  expect(ofIngress(await lasting(60))).toEqual([]);
  expect(ofIngress(await lasting(60), ['other.example.com'])).toEqual([
    'HostNotCovered spec.tls[0]: the certificate of secret tls is not for other.example.com, but for shop.example.com',
  ]);
  const wild = await lasting(60, ['*.example.com']);
  expect(ofIngress(wild, ['SHOP.example.com', '*.example.com'])).toEqual([]);
  expect(ofIngress(wild, ['a.b.example.com'])).toHaveLength(1);
  expect(ofIngress(wild, ['*.b.example.com'])).toHaveLength(1);
});

test('of a bundle of several, the last to end counts', async () => {
  const bundle = async (...days: number[]) => btoa((await Promise.all(days.map((day) => lasting(day)))).join(''));
  const webhook = (caBundle: string): MutatingWebhookConfiguration => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'judges' },
    webhooks: [
      { name: 'judge.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'https://a', caBundle } },
    ],
  });
  const reasons = (more: Partial<Known>) =>
    findCards({ ...nothing, ...more }).map(({ first, cause }) => `${first.severity} ${cause.reason}`);
  expect(reasons({ mutatingWebhooks: [webhook(await bundle(-20, 400))] })).toEqual([]);
  expect(reasons({ mutatingWebhooks: [webhook(await bundle(-20, -1))] })).toEqual(['error CertificateExpired']);
  const apiService = { metadata: { name: 'v1.a' }, spec: { caBundle: await bundle(-20, 3) } } as APIService;
  expect(reasons({ apiServices: [apiService] })).toEqual(['warning CertificateEnding']);
});

test('what is measured: the own certificates of the cluster, and volumes that fill up', () => {
  const answer = (metric: Record<string, string>, value: string) => ({ metric, value: [0, value] as [number, string] });
  const measures = readMeasures(
    { data: { result: [answer({ namespace: 'shop', persistentvolumeclaim: 'data' }, '0.02')] } },
    { data: { result: [answer({ node: 'n1' }, `${3 * 86_400}`), answer({ certificate: 'the API server' }, '-60')] } },
    now,
  );
  const classes = [
    { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'local' }, provisioner: 'x', allowVolumeExpansion: true },
  ];
  const bound = { ...claim('data', 'local'), status: { phase: 'Bound', capacity: { storage: '2Gi' } } };
  const all = known({ ...measures, claims: [bound], classes });
  expect(findCards(all).map(({ first, cause }) => `${first.severity} ${first.kind} ${cause.reason}: ${cause.says}`)).toEqual([
    'error ControlPlane CertificateExpired: the certificate of the API server ended on 2026-11-23, 60s ago',
    'error PersistentVolumeClaim FillingUp: its volume is nearly full: 2.0 % of 2Gi are free',
    'warning Node CertificateEnding: the certificate of its agent ends on 2026-11-26, in 3d, and should have been renewed',
  ]);
  expect(whyClaim(bound, all)).toMatchObject({ isWell: false, steps: [{ fix: { type: 'Enlarge', size: '2Gi' } }, {}] });
  expect(whyClaim(bound, { ...all, classes: [] }).steps.map(({ fix }) => fix)).toEqual([undefined]);
  expect(whyNode(n1, all)).toMatchObject({ isWell: false, causes: [{ reason: 'CertificateEnding' }] });
  expect(findCards(known({ volumesFree: new Map([['shop/data', 0.2]]), claims: [bound] }))).toEqual([]);
});
