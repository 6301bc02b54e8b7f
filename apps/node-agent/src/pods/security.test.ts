import type { Container, Pod } from '@berth/api';
import type { ImageInfo } from '@berth/runtime';
import { expect, test } from 'vitest';
import { securityContext } from './security.ts';

type OfContainer = NonNullable<Container['securityContext']>;
type OfPod = NonNullable<Pod['spec']['securityContext']>;

function securityOf(own: OfContainer, ofPod: OfPod = {}, image: Partial<ImageInfo> = {}) {
  const container: Container = { name: 'main', image: 'x', securityContext: own };
  const pod: Pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'u1' } },
    spec: { containers: [container], securityContext: ofPod },
  };
  return securityContext(pod, container, { id: 'i', repoTags: [], repoDigests: [], sizeBytes: 1, ...image }, '/seccomp');
}

test.each([
  [{ runAsUser: 0 }, {}, {}, "container's runAsUser breaks non-root policy"],
  [{}, {}, {}, 'container has runAsNonRoot and image will run as root'],
  [{}, {}, { uid: 0 }, 'container has runAsNonRoot and image will run as root'],
  [{}, {}, { username: 'web' }, 'container has runAsNonRoot and image has non-numeric user (web), cannot verify user is non-root'],
])('runAsNonRoot refuses %j %j %j', (own, ofPod, image, message) => {
  expect(() => securityOf({ runAsNonRoot: true, ...own }, ofPod, image)).toThrow(`${message} (pod: "web_shop(u1)", container: main)`);
  expect(() => securityOf(own, { runAsNonRoot: true, ...ofPod }, image)).toThrow(message);
  expect(() => securityOf({ runAsNonRoot: false, ...own }, { runAsNonRoot: true }, image)).not.toThrow();
});

test('runAsNonRoot accepts another user, of the pod or of the image', () => {
  expect(securityOf({ runAsNonRoot: true }, { runAsUser: 7 }).runAsUser).toBe(7);
  expect(securityOf({ runAsNonRoot: true }, {}, { uid: 1000 }).runAsUser).toBe(1000);
});

test("the container's word counts before the pod's, the pod's before the image's", () => {
  expect(securityOf({ runAsUser: 1, runAsGroup: 2 }, { runAsUser: 3, runAsGroup: 4 }, { uid: 5 })).toMatchObject({
    runAsUser: 1,
    runAsGroup: 2,
  });
  expect(securityOf({}, { runAsUser: 3 }, { uid: 5 }).runAsUser).toBe(3);
  expect(securityOf({}, {}, { username: 'web' })).toMatchObject({ runAsUsername: 'web' });
});

test('groups are joined', () => {
  expect(securityOf({}, { supplementalGroups: [5, 6], fsGroup: 5 }).supplementalGroups).toEqual([5, 6]);
});

test.each([
  [{}, true],
  [{ allowPrivilegeEscalation: false }, true],
  [{ allowPrivilegeEscalation: true }, false],
  [{ privileged: true }, false],
  [{ capabilities: { add: ['SYS_ADMIN'] } }, false],
  [{ capabilities: { add: ['NET_ADMIN'] } }, true],
])('new privileges are not to be had unless they are asked for: %j', (own, refused) => {
  expect(securityOf(own).noNewPrivileges).toBe(refused);
});

test('privileged containers are not confined', () => {
  expect(securityOf({ privileged: true })).toMatchObject({ privileged: true, seccomp: { type: 'Unconfined' } });
  expect(securityOf({}, { seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } }).seccomp).toEqual({
    type: 'Localhost',
    localhostRef: '/seccomp/a.json',
  });
});
