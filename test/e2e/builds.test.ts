// `berth build` as it is typed, with a real pod that builds: what is built runs, a build that fails says where, and a builder that stays for the
// next build keeps layers and files, but nothing of a build that was ended. ImageBuild objects from a claim and from an image.
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { runBuild } from '../../apps/cli/src/build/build.ts';
import { plain } from '../../apps/cli/src/terminal.ts';
import { apply, cluster, get, kubectl, until, withNamespace } from './kubectl.ts';
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

function build(ns: string, ...argv: string[]) {
  return buildUntil(new AbortController().signal, () => undefined, ns, ...argv);
}

/** @param noticed gets each line as it comes */
async function buildUntil(signal: AbortSignal, noticed: (line: string) => void, ns: string, ...argv: string[]) {
  const printed: string[] = [];
  const noted: string[] = [];
  const code = await runBuild(['--kubeconfig', cluster().kubeconfig, '-n', ns, ...argv], {
    print: (text) => printed.push(text),
    note: (text) => {
      noted.push(text);
      noticed(text);
    },
    isTerminal: false,
    paint: plain,
    environment: { WHO: 'ann' },
    signal,
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
      // Neither a pod nor a secret is left of them: with secrets, builds have pods of their own.
      expect((await get<{ items: unknown[] }>('-n', ns, 'pods,secrets')).items).toHaveLength(1);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

const sleeper = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "echo slept > /slept"]
COPY src /src
RUN ["/bin/busybox", "sh", "-c", "b=/bin/busybox; $b ls /src; $b echo begun; [ ! -e /src/hang ] || $b sleep 1000"]
`;

test('a builder stays for the next build: layers and files are at hand, what is gone is gone, and a build that was ended is over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-e2e-warm-'));
  try {
    await copyFile('/bin/busybox', join(folder, 'busybox'));
    await writeFile(join(folder, 'Dockerfile'), sleeper);
    await mkdir(join(folder, 'src'));
    await writeFile(join(folder, 'src', 'first'), '1');
    await withNamespace(async (ns) => {
      const options = ['--progress', 'plain', '-t', 'app:1', folder];
      const builders = async () => (await get<{ items: Pod[] }>('-n', ns, 'pods')).items.map(({ metadata }) => metadata.name);
      const first = await build(ns, ...options);
      const [builder = ''] = await builders();
      await rename(join(folder, 'src', 'first'), join(folder, 'src', 'second'));
      const second = await build(ns, ...options);
      expect(second.noted.join('\n')).toMatch(/sending 0\.0 of \d[\s\S]*STEP 3[^\n]*\n--> Using cache[\s\S]*\nsecond\nbegun/);
      expect(second.noted).not.toContain('first');
      expect(second.text).not.toBe(first.text);
      expect(await builders()).toEqual([builder]);

      await writeFile(join(folder, 'src', 'hang'), '');
      const interrupted = new AbortController();
      const hanging = buildUntil(interrupted.signal, (line) => line === 'begun' && interrupted.abort(), ns, ...options);
      await expect(hanging).rejects.toThrow('interrupted');
      const inBuilder = (command: string) => kubectl('-n', ns, 'exec', builder, '--', 'sh', '-c', command);
      await until(
        'the ended build to be over',
        20_000,
        async () => (await inBuilder('cat /proc/[0-9]*/cmdline')).split('sleep\u00001000').length === 1,
      );
      await rm(join(folder, 'src', 'hang'));
      expect((await build(ns, ...options)).text).toBe(second.text);
      expect(await builders()).toEqual([builder]);

      // One that goes away under a build costs nothing but time.
      await writeFile(join(folder, 'src', 'hang'), '');
      let begun = 0;
      const killed = buildUntil(
        new AbortController().signal,
        (line) => {
          if (line !== 'begun' || begun++ > 0) return;
          void kubectl('-n', ns, 'delete', 'pod', builder, '--grace-period=0', '--force');
        },
        ...([ns, '--timeout', '10', ...options] as [string, ...string[]]),
      );
      // The next builder is given the same: it hangs again, until its own time is over.
      await expect(killed).rejects.toThrow('the build took longer than 10 s');
      expect(begun).toBe(2);
      await until('nothing to be left', 20_000, async () => (await builders()).length === 0);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
