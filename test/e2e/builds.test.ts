// `berth build` as it is typed, with a real pod that builds: what is built runs, and a build that fails says where.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBuild } from '../../apps/cli/src/build/build.ts';
import { plain } from '../../apps/cli/src/terminal.ts';
import { apply, cluster, get, kubectl, withNamespace } from './kubectl.ts';
import { pod } from './manifests.ts';

const dockerfile = `FROM scratch AS base
COPY busybox /bin/busybox
ARG WHO=nobody
RUN --mount=type=secret,id=key ["/bin/busybox", "sh", "-c", "b=/bin/busybox; echo $WHO $($b cat /run/secrets/key) > /file && $b chown 1000:2000 /file"]
FROM base AS broken
RUN ["/bin/busybox", "false"]
FROM scratch
COPY --from=base /bin/busybox /bin/busybox
COPY --from=base /file /file
COPY src /src/
USER 1000
CMD ["/bin/busybox", "sh", "-c", "b=/bin/busybox; $b id -u; $b stat -c %u:%g:%a /file; $b cat /file; $b ls /src"]
`;

async function build(ns: string, ...argv: string[]) {
  const printed: string[] = [];
  const noted: string[] = [];
  const code = await runBuild(['--kubeconfig', cluster().kubeconfig, '-n', ns, ...argv], {
    print: (text) => printed.push(text),
    note: (text) => noted.push(text),
    isTerminal: false,
    paint: plain,
    environment: { WHO: 'ann' },
    signal: new AbortController().signal,
  });
  return { code, text: printed.join('\n'), noted };
}

test('an image is built in a pod without privileges, pushed, and runs; one that fails names its line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-e2e-build-'));
  try {
    await copyFile('/bin/busybox', join(folder, 'busybox'));
    await writeFile(join(folder, 'Dockerfile'), dockerfile);
    await writeFile(join(folder, '.dockerignore'), 'key\nsrc/*.log\n');
    await writeFile(join(folder, 'key'), 'secret');
    await mkdir(join(folder, 'src'));
    for (const name of ['main.ts', 'debug.log']) await writeFile(join(folder, 'src', name), name);
    await withNamespace(async (ns) => {
      const secret = ['--secret', `id=key,src=${join(folder, 'key')}`];
      const broken = build(ns, '-t', 'app:1', '--target', 'broken', ...secret, folder);
      await expect(broken).rejects.toThrow('Dockerfile:6: RUN ["/bin/busybox", "false"]: exit status 1; ');
      const built = await build(ns, '-t', 'app:1', '--build-arg', 'WHO', ...secret, folder);
      expect(built).toMatchObject({ code: 0, noted: [] });
      expect(built.text).toMatch(new RegExp(`^localhost:\\d+/${ns}/app:1@sha256:[0-9a-f]{64}$`));
      await apply(pod(ns, 'app', [{ name: 'main', image: built.text }], { restartPolicy: 'Never' }));
      await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/app', '--timeout=60s');
      expect(await kubectl('-n', ns, 'logs', 'app')).toBe('1000\n1000:2000:644\nann secret\nmain.ts\n');
      // Neither a pod nor a secret is left of them.
      expect((await get<{ items: unknown[] }>('-n', ns, 'pods,secrets')).items).toHaveLength(1);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
