// When requests for certificates go: an hour after they were answered, a day after nobody did.
import type { CertificateSigningRequest } from '@berth/api';
import { expect, test } from 'vitest';
import { certificateCleaner } from './cleaner.ts';

const now = Date.parse('2026-01-02T00:00:00Z');
const at = (minutesAgo: number) => new Date(now - minutesAgo * 60_000).toISOString();

function plan(createdMinutesAgo: number, conditions: [type: string, minutesAgo: number][], certificate?: string) {
  const request: CertificateSigningRequest = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'r', uid: 'r', creationTimestamp: at(createdMinutesAgo) },
    spec: { request: '', signerName: 'example.com/own' },
    status: {
      conditions: conditions.map(([type, minutesAgo]) => ({ type, status: 'True', lastUpdateTime: at(minutesAgo) })),
      ...(certificate && { certificate }),
    },
  };
  return certificateCleaner.plan(request, now).map((action) => (action.type === 'requeue' ? action.afterMs / 60_000 : action.type));
}

test('requests go an hour after they were denied, failed or signed, and a day after nobody answered', () => {
  for (const type of ['Denied', 'Failed']) {
    expect(plan(600, [[type, 59]])).toEqual([1]);
    expect(plan(600, [[type, 60]])).toEqual(['delete']);
  }
  expect(plan(600, [['Approved', 59]], 'bm90IGEgY2VydGlmaWNhdGU=')).toEqual([1]);
  expect(plan(600, [['Approved', 60]], 'bm90IGEgY2VydGlmaWNhdGU=')).toEqual(['delete']);
  expect(plan(24 * 60 - 1, [])).toEqual([1]);
  expect(plan(24 * 60, [])).toEqual(['delete']);
  // Approved, and its signer is somebody else's who has not come to it yet.
  expect(plan(9_999, [['Approved', 9_999]])).toEqual([]);
});
