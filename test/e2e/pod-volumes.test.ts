// The files of a pod, on real containers: config maps and secrets, shared folders, the host's, and who owns them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '@berth/api';
import { beforeAll, expect, test } from 'vitest';
import { apply, kubectl, run, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';
import { configMap, exec, podOf, provideShellImage, ready, secret } from './pod-commands.ts';
import { privateRegistry } from './private-registry.ts';

let shellImage: string;
beforeAll(async () => {
  shellImage = await provideShellImage();
});

test.concurrent('files of config maps and secrets: modes, chosen keys, live updates', () =>
  withNamespace(async (ns) => {
    await apply(configMap(ns, 'settings', { colour: 'blue', shape: 'round' }), secret(ns, 'keys', { token: 's3cret' }));
    const volumes = [
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400, items: [{ key: 'token', path: 'deep/token' }] } },
      {
        name: 'all',
        projected: {
          sources: [
            { configMap: { name: 'settings', items: [{ key: 'shape', path: 'shape' }] } },
            { secret: { name: 'keys' } },
            { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          ],
        },
      },
      { name: 'absent', configMap: { name: 'nobody', optional: true } },
    ];
    const volumeMounts = [
      ...[
        { name: 'settings', mountPath: '/settings' },
        { name: 'keys', mountPath: '/keys' },
        { name: 'all', mountPath: '/all' },
      ],
      ...[
        { name: 'absent', mountPath: '/absent' },
        { name: 'settings', mountPath: '/one/colour', subPath: 'colour' },
      ],
    ];
    const main = shell('main', waitForEver, { volumeMounts, image: shellImage });
    await apply(pod(ns, 'files', [main], { volumes }));
    await ready(ns, 'files');
    expect(await exec(ns, 'files', 'cat', '/settings/colour', '/all/shape', '/all/token', '/keys/deep/token')).toBe(
      'bluerounds3crets3cret',
    );
    expect(await exec(ns, 'files', 'stat', '-L', '-c', '%a', '/keys/deep/token', '/settings/colour')).toBe('400\n644\n');
    expect(await exec(ns, 'files', 'ls', '/absent')).toBe('');
    await apply(configMap(ns, 'settings', { colour: 'green', shape: 'square', size: 'big' }));
    await kubectl('-n', ns, 'label', 'pod', 'files', 'team=blue');
    await until('the new files', 20_000, async () => (await exec(ns, 'files', 'cat', '/settings/colour')) === 'green');
    expect(await exec(ns, 'files', 'ls', '/settings')).toBe('colour\nshape\nsize\n');
    // Single files stay as they were when the container was started.
    expect(await exec(ns, 'files', 'cat', '/one/colour')).toBe('blue');
    await until('the new label', 20_000, async () => (await exec(ns, 'files', 'cat', '/all/labels')).includes('team="blue"'));
  }));

test.concurrent('volumes: shared between containers, parts of them, the host, the group that owns them', () =>
  withNamespace(async (ns) => {
    const host = await mkdtemp('/tmp/be2e-host-');
    try {
      await writeFile(join(host, 'given'), 'from the host');
      const volumes = [
        ...[
          { name: 'work', emptyDir: {} },
          { name: 'fast', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        ],
        { name: 'host', hostPath: { path: join(host, 'made'), type: 'DirectoryOrCreate' } },
        { name: 'given', hostPath: { path: join(host, 'given'), type: 'File' } },
      ];
      const mounts = (subPath?: string) => [{ name: 'work', mountPath: '/work', ...(subPath && { subPath }) }];
      const reader = shell('reader', waitForEver, {
        volumeMounts: [...mounts(), { name: 'fast', mountPath: '/fast' }, { name: 'given', mountPath: '/given', readOnly: true }],
      });
      const writer = shell('writer', `echo part > /work/file; echo out > /host/file; ${waitForEver}`, {
        ...{ volumeMounts: [...mounts('sub/part'), { name: 'host', mountPath: '/host' }], securityContext: { runAsUser: 0 } },
      });
      await apply(pod(ns, 'shared', [reader, writer], { volumes, securityContext: { fsGroup: 4242 } }));
      await ready(ns, 'shared');
      await until('the file in the part', 10_000, () => exec(ns, 'shared', 'cat', '/work/sub/part/file').catch(() => false));
      expect(await exec(ns, 'shared', 'stat', '-c', '%g', '/work', '/work/sub/part/file')).toBe('4242\n4242\n');
      expect(await exec(ns, 'shared', 'id', '-G')).toContain('4242');
      expect(await exec(ns, 'shared', 'cat', '/given')).toBe('from the host');
      expect(await readFile(join(host, 'made', 'file'), 'utf8')).toBe('out\n');
      const full = await run([
        '-n',
        ns,
        'exec',
        'shared',
        '--',
        '/bin/busybox',
        'dd',
        'if=/dev/zero',
        'of=/fast/x',
        'bs=1M',
        'count=2',
      ]).catch((e) => e);
      expect(full.stderr).toContain('No space left on device');
      const escaping = shell('main', waitForEver, { volumeMounts: mounts('link') });
      const link = shell('link', '/bin/busybox ln -s /etc /work/link', { volumeMounts: mounts() });
      const bad = { name: 'bad', hostPath: { path: join(host, 'given'), type: 'Directory' } };
      await apply(
        pod(ns, 'escape', [escaping], { initContainers: [link], volumes: [{ name: 'work', emptyDir: {} }] }),
        pod(ns, 'wrong', [shell('main', waitForEver, { volumeMounts: [{ name: 'bad', mountPath: '/bad' }] })], { volumes: [bad] }),
      );
      const refusal = await until('the link out of the volume to be refused', 30_000, async () => {
        const waiting = (await podOf(ns, 'escape')).status?.containerStatuses?.[0]?.state?.waiting;
        return waiting?.reason === 'CreateContainerConfigError' && waiting.message;
      });
      expect(refusal).toContain('failed to prepare subPath for volumeMount "work" of container "main"');
      await until('the wrong type to be told', 20_000, async () =>
        (await kubectl('-n', ns, 'describe', 'pod', 'wrong')).includes(
          `hostPath type check failed: ${join(host, 'given')} is not a directory`,
        ),
      );
      await kubectl('-n', ns, 'delete', 'pod', '--all', '--wait=true');
    } finally {
      await rm(host, { recursive: true, force: true });
    }
  }));

test.concurrent('an image as a volume: its files, read-only, parts of it; one that is not there keeps the container waiting', () =>
  withNamespace(async (ns) => {
    const volumes = [{ name: 'image', image: { reference: shellImage } }];
    const volumeMounts = [
      { name: 'image', mountPath: '/image' },
      { name: 'image', mountPath: '/part', subPath: 'bin' },
    ];
    const absent = [{ name: 'image', image: { reference: shellImage.replace(/:[^:]*$/, ':none') } }];
    const mounted = shell('main', waitForEver, { volumeMounts, securityContext: { runAsUser: 0 } });
    await apply(pod(ns, 'shown', [mounted], { volumes }), pod(ns, 'absent', [mounted], { volumes: absent }));
    await ready(ns, 'shown');
    expect(await exec(ns, 'shown', 'cmp', '/image/bin/busybox', '/part/busybox')).toBe('');
    const written = await run(['-n', ns, 'exec', 'shown', '--', '/bin/busybox', 'touch', '/image/x', '/part/x']).catch((e) => e);
    expect(written.stderr.match(/Read-only file system/g)).toHaveLength(2);
    await until('the missing image to be said', 60_000, async () =>
      /Failed +.*Failed to pull image ".*:none"/.test(await kubectl('-n', ns, 'describe', 'pod', 'absent')),
    );
    expect((await podOf(ns, 'absent')).status?.containerStatuses?.[0]?.state?.waiting?.reason).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
  }));

test.concurrent('a private image is given to pods that hold credentials for it, also once it is on the node', () =>
  withNamespace(async (ns) => {
    await using registry = await privateRegistry(shellImage, 'team', 'password');
    const auths = { [registry.host]: { username: 'team', password: 'password' } };
    const allowed: Secret = {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pull', namespace: ns }, type: 'kubernetes.io/dockerconfigjson' },
      stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
    };
    const main = (imagePullPolicy: string) => [shell('main', waitForEver, { image: registry.image, imagePullPolicy })];
    const imagePullSecrets = [{ name: 'pull' }];
    await apply(allowed, pod(ns, 'first', main('IfNotPresent'), { imagePullSecrets }));
    await ready(ns, 'first');
    const asked = registry.requests();
    await apply(
      pod(ns, 'second', main('Never'), { imagePullSecrets }),
      pod(ns, 'stranger', main('IfNotPresent')),
      pod(ns, 'never', main('Never')),
    );
    await ready(ns, 'second');
    expect(
      (await kubectl('-n', ns, 'describe', 'pod', 'second')).includes('already present on machine and can be accessed by the pod'),
    ).toBe(true);
    const reason = async (name: string) => (await podOf(ns, name)).status?.containerStatuses?.[0]?.state?.waiting?.reason ?? '';
    await until('the stranger to be refused', 60_000, async () => /^(ErrImagePull|ImagePullBackOff)$/.test(await reason('stranger')));
    await until('the image not to be there for a stranger', 60_000, async () => (await reason('never')) === 'ErrImageNeverPull');
    expect(registry.requests()).toBeGreaterThan(asked);
  }));

test.concurrent('a node that cannot mount NFS says so of the pod, whether the volume is its own or its claim’s', () =>
  withNamespace(async (ns) => {
    const nfs = { server: '127.0.0.1', path: '/data' };
    const volume = {
      ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `${ns}-files` } },
      spec: { nfs, accessModes: ['ReadWriteMany'], capacity: { storage: '1Gi' }, mountOptions: ['nfsvers=4.2', 'soft', 'timeo=10'] },
    };
    const claim = {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'files', namespace: ns } },
      spec: {
        ...{ storageClassName: '', volumeName: volume.metadata.name, accessModes: ['ReadWriteMany'] },
        resources: { requests: { storage: '1Gi' } },
      },
    };
    try {
      await apply(volume, claim);
      for (const source of [{ nfs }, { persistentVolumeClaim: { claimName: 'files' } }]) {
        const name = Object.keys(source)[0]?.toLowerCase() ?? '';
        await apply(pod(ns, name, [shell('main', waitForEver, { image: shellImage })], { volumes: [{ name: 'data', ...source }] }));
        const hasNfs = /\tnfs4?$/m.test(await readFile('/proc/filesystems', 'utf8'));
        const reason = hasNfs ? 'mount' : 'the kernel of this node has no NFS: neither built in nor as its module nfs';
        await until('the reason', 60_000, async () =>
          (await kubectl('-n', ns, 'describe', 'pod', name)).includes(`MountVolume.SetUp failed for volume "data" : ${reason}`),
        );
        await kubectl('-n', ns, 'delete', 'pod', name, '--wait=false');
      }
    } finally {
      await kubectl('delete', 'pv', volume.metadata.name, '--wait=false', '--ignore-not-found');
    }
  }));
