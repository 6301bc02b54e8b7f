// The pure parts of a build: what its image is called, what its pod may do, and which line of a Dockerfile a failure is at.
import { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { buildFailure } from './build-failure.ts';
import { type BuildRequest, buildPod } from './build-pod.ts';
import { builderCommand, builderPod } from './builder-pod.ts';
import { imageNameOf, imageText } from './image-name.ts';

const place = { registry: 'localhost:5055', namespace: 'shop' };

test.each([
  ['app', 'localhost:5055/shop/app:latest'],
  ['app:1.0', 'localhost:5055/shop/app:1.0'],
  ['team/app', 'localhost:5055/shop/team/app:latest'],
  ['shop/app', 'localhost:5055/shop/app:latest'],
  ['localhost:5055/shop/app:2', 'localhost:5055/shop/app:2'],
  ['registry.example.com/a/b:c', 'registry.example.com/a/b:c'],
])('%s becomes %s', (text, image) => expect(imageText(imageNameOf(text, place))).toBe(image));

test.each([
  ['App', 'lower-case letters'],
  ['', 'no name of an image'],
  ['a:b:c', 'no name of an image'],
  ['../app', 'no name of an image'],
  ['a//b', 'no name of an image'],
  ['app@sha256:x', 'has a digest'],
  ['app:$(id)', 'no name of an image'],
  ['localhost:5055/other/app', 'build in the namespace other (-n)'],
])('%s is refused', (text, message) => expect(() => imageNameOf(text, place)).toThrow(message));

const request: BuildRequest = {
  name: 'build-app-1',
  namespace: 'shop',
  registry: 'localhost:5055',
  image: 'localhost:5055/shop/app:1',
  builderImage: 'localhost:5055/berth/builder:1',
  source: { image: 'localhost:5055/shop/files@sha256:x' },
  dockerfile: 'Dockerfile',
  settings: { buildArguments: ['A=$(id); rm -rf /'], labels: ['a=b'], secretIds: ['key'], target: 'last', isUncached: true },
  memory: '2Gi',
  timeoutSeconds: 60,
};

test('a build’s pod is not root, has nothing of the node and nothing without a limit', () => {
  const pod = buildPod({ ...request, secret: 's', pushSecret: 'p', cacheClaim: 'c' });
  const stored = structuredClone(pod);
  Pod.defaults(stored);
  expect(Pod.validate(stored)).toEqual([]);
  const { spec } = pod;
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'Localhost' } });
  expect([spec.hostNetwork, spec.hostPID, spec.hostIPC, spec.automountServiceAccountToken]).toEqual([
    undefined,
    undefined,
    undefined,
    false,
  ]);
  expect(spec.volumes?.flatMap((volume) => Object.keys(volume)).filter((key) => key !== 'name')).toEqual([
    ...['image', 'emptyDir', 'emptyDir', 'projected', 'secret', 'secret', 'persistentVolumeClaim'],
  ]);
  const [container] = spec.containers;
  expect(container?.securityContext).toEqual({
    allowPrivilegeEscalation: true,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['SETUID', 'SETGID'] },
  });
  expect(Object.keys(container?.resources?.limits ?? {})).toEqual(['cpu', 'memory', 'ephemeral-storage']);
  expect(Object.keys(container?.resources?.requests ?? {})).toEqual(['cpu', 'memory', 'ephemeral-storage']);
  expect(spec.activeDeadlineSeconds).toBe(60);
});

test('what people say reaches buildah as arguments, never a shell', () => {
  const [container] = buildPod(request).spec.containers;
  expect(container).toMatchObject({
    command: ['/bin/sh', '/usr/bin/berth-build'],
    args: [
      ...['--build-arg', 'A=$(id); rm -rf /', '--label', 'a=b', '--secret', 'id=key,src=/run/build-secrets/key'],
      '--target',
      'last',
      '--no-cache',
    ],
  });
});

test('a builder is as a build’s pod is, and nothing of a build is in it', () => {
  const own = buildPod({ ...request, cacheClaim: 'c' }).spec;
  const { metadata, spec } = builderPod({ ...request, name: 'builder-1', keepSeconds: 60, cacheClaim: 'c' });
  const stored = structuredClone(builderPod({ ...request, name: 'builder-1', keepSeconds: 60 }));
  Pod.defaults(stored);
  expect(Pod.validate(stored)).toEqual([]);
  expect(metadata.labels).toMatchObject({ 'berth.io/builder': 'builder-1' });
  expect(spec.activeDeadlineSeconds).toBeUndefined();
  expect(spec.securityContext).toEqual(own.securityContext);
  const [container, other] = [spec.containers[0], own.containers[0]];
  for (const field of ['securityContext', 'resources', 'image'] as const) expect(container?.[field]).toEqual(other?.[field]);
  expect(spec.volumes).toEqual(own.volumes?.filter(({ name }) => name !== 'context'));
  expect(JSON.stringify(spec)).not.toContain('app:1');
  expect(builderCommand({ ...request, image: 'localhost:5055/shop/a:$(id)' })).toEqual([
    ...['env', 'IMAGE=localhost:5055/shop/a:$(id)', 'PUSH_IMAGE=kubernetes.default.svc/shop/a:$(id)'],
    ...['DOCKERFILE=Dockerfile', 'TIMEOUT_SECONDS=60', '/bin/sh', '/usr/bin/berth-builder-run'],
  ]);
});

test('images of the cluster are pushed past its API server, others where they say', () => {
  const pushed = (image: string) =>
    buildPod({ ...request, image }).spec.containers[0]?.env?.find(({ name }) => name === 'PUSH_IMAGE')?.value;
  expect(pushed(request.image)).toBe('kubernetes.default.svc/shop/app:1');
  expect(pushed('registry.example.com/a:1')).toBe('registry.example.com/a:1');
});

const dockerfile = `# comment
ARG VERSION=1
FROM base:\${VERSION} AS build
RUN first && \\
    # why
    second
COPY a b /
RUN ["false"]
`;

test.each([
  [
    'STEP 3/5: COPY a b /\nError: building at STEP "COPY a b /": checking on sources: copier: stat: "/a": no such file or directory',
    7,
    'COPY a b /',
    /^checking on sources.*\|.*\.dockerignore/,
  ],
  ['Error: building at STEP "RUN first &&     second": exit status 2', 4, 'RUN first && second', /^exit status 2\|.*command/],
  ['Error: building at STEP "RUN false": exit status 1', 8, 'RUN ["false"]', /^exit status 1\|/],
  [
    '[1/2] STEP 1/3: FROM base:7 AS build\nTrying to pull\nError: creating build container: initializing source docker://base:7: reading manifest',
    3,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the Dockerfile
    'FROM base:${VERSION} AS build',
    /base image/,
  ],
  ['Error: something else', undefined, undefined, /^something else\|/],
])('%j', (output, line, instruction, said) => {
  const found = buildFailure(output, dockerfile);
  expect([found.line, found.instruction]).toEqual([line, instruction]);
  expect(`${found.message}|${found.remedy}`).toMatch(said);
});
