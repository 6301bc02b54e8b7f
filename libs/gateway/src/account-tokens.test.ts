// Which tokens a node is given: those that volumes of its own pods ask for, and no others.
import type { Pod, TokenRequest } from '@berth/api';
import { expect, test } from 'vitest';
import { AccountTokens } from './account-tokens.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: {
    nodeName: 'one',
    serviceAccountName: 'robot',
    containers: [],
    volumes: [
      { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 900 } }] } },
    ],
  },
};
const asked = { namespace: 'default', pod: 'web', uid: 'u1', audience: 'vault', expirationSeconds: 900 };

function tokensFor(known: Pod | undefined, driverTokens: TokenRequest[] = []) {
  const calls: unknown[][] = [];
  const createSubresource = async (...call: unknown[]) => {
    calls.push(call.slice(1));
    return { status: { token: 'signed', expirationTimestamp: '2026-01-01T00:15:00Z' } };
  };
  const isKnown = (namespace: string, name: string) => namespace === 'default' && name === 'web';
  const view = {
    driverTokens: () => driverTokens,
    pod: (namespace: string, name: string) => (isKnown(namespace, name) ? known : undefined),
  };
  return { tokens: new AccountTokens({ createSubresource } as ConstructorParameters<typeof AccountTokens>[0], view), calls };
}

test('a node gets the token that a volume of its pod asks for, bound to the pod', async () => {
  const { tokens, calls } = tokensFor(pod);
  expect(await tokens.issue('one', asked)).toEqual({ token: 'signed', expiresAtMs: Date.parse('2026-01-01T00:15:00Z') });
  const spec = { audiences: ['vault'], expirationSeconds: 900, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u1' } };
  expect(calls).toEqual([[{ namespace: 'default', name: 'robot' }, 'token', expect.objectContaining({ spec })]]);
});

test.each([
  ['of a pod on another node', pod, 'two', asked],
  ['of a pod that is on no node yet', { ...pod, spec: { ...pod.spec, nodeName: undefined } }, 'one', asked],
  ['of a pod that is gone', undefined, 'one', asked],
  ['of a pod that had the name before', pod, 'one', { ...asked, uid: 'u0' }],
  ['of another pod', pod, 'one', { ...asked, pod: 'database' }],
  ['for an audience that no volume names', pod, 'one', { ...asked, audience: '' }],
  ['for longer than the volume asks', pod, 'one', { ...asked, expirationSeconds: 86_400 }],
  ['of a pod that mounts none', { ...pod, spec: { ...pod.spec, volumes: [] } }, 'one', asked],
])('a node does not get a token %s', async (_what, known, node, request) => {
  const { tokens, calls } = tokensFor(known);
  await expect(tokens.issue(node, request)).rejects.toMatchObject({ code: 403 });
  expect(calls).toEqual([]);
});

test('a node gets the token that the storage driver of a pod’s volume asks for, and none that it does not', async () => {
  const { tokens } = tokensFor(pod, [{ audience: 'disks' }]);
  expect(await tokens.issue('one', { ...asked, audience: 'disks', expirationSeconds: 3600 })).toMatchObject({ token: 'signed' });
  await expect(tokens.issue('one', { ...asked, audience: 'tapes', expirationSeconds: 3600 })).rejects.toThrow(
    'runs no pod that asks for this token',
  );
});
