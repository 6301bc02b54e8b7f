// Containers that try to get at the host's files by way of what the agent does for them as root.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, kubectl, run, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';
import { configMap, exec, ready, secret } from './pod-commands.ts';

const racers = 24;
/** Refused ones are tried again, ever later; a busy machine is no failure. */
const options = { timeout: 900_000 };

test('volumes that show objects of the API cannot be written to, and still follow their objects', () =>
  withNamespace(async (ns) => {
    await apply(configMap(ns, 'data', { a: '1' }), secret(ns, 'keys', { token: 'x' }));
    const volumes = [
      { name: 'cm', configMap: { name: 'data' } },
      { name: 'se', secret: { secretName: 'keys' } },
      { name: 'dw', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      { name: 'pr', projected: { sources: [{ configMap: { name: 'data' } }] } },
    ];
    const attempts = volumes.map(
      ({ name: d }) => `busybox touch /${d}/x && echo WRITABLE /${d}; busybox ln -sfn /etc /${d}/..data && echo LINKED /${d}`,
    );
    const volumeMounts = [
      ...volumes.map(({ name }) => ({ name, mountPath: `/${name}`, readOnly: false })),
      { name: 'cm', mountPath: '/one', subPath: 'a' },
    ];
    const script = `export PATH=/bin; ${attempts.join('; ')}; echo y > /one && echo WRITABLE /one; echo tried; ${waitForEver}`;
    await apply(pod(ns, 'data', [shell('main', script, { volumeMounts, securityContext: { runAsUser: 0 } })], { volumes }));
    await ready(ns, 'data');
    const log = await until('the attempts', 20_000, async () => {
      const text = await kubectl('-n', ns, 'logs', 'data');
      return text.includes('tried') && text;
    });
    expect(log).not.toMatch(/WRITABLE|LINKED/);
    expect(await exec(ns, 'data', 'cat', '/one')).toBe('1');
    await apply(configMap(ns, 'data', { a: '2' }));
    await until('the new content', 30_000, async () => (await exec(ns, 'data', 'cat', '/cm/a', '/pr/a')) === '22');
  }));

test(`${racers} pods mount a subPath that a container keeps swapping for a link, and none gets to the host`, options, () =>
  withNamespace(async (ns) => {
    const victim = await mkdtemp('/tmp/be2e-victim-');
    try {
      await writeFile(join(victim, 'secret'), 'of the host');
      const claim = {
        ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'race', namespace: ns } },
        spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Mi' } } },
      };
      const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'race' } }];
      const swaps = `mv d real; ln -s ${victim} d; usleep 10000; rm d; mv real d; usleep 30000`;
      const swap = `export PATH=/bin; cd /v; mkdir -p d; while true; do for i in 1 2 3 4 5 6 7 8; do ${swaps}; done; done`.replaceAll(
        /\b(mv|ln|usleep|rm|mkdir) /g,
        'busybox $1 ',
      );
      const root = { securityContext: { runAsUser: 0 } };
      const race = `/bin/busybox cat /sub/secret && echo ESCAPED; /bin/busybox touch /sub/made; exit 0`;
      const job = {
        ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'racer', namespace: ns } },
        spec: {
          ...{ completions: racers, parallelism: 3, backoffLimit: 60 },
          template: {
            spec: {
              ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 0, volumes },
              containers: [shell('main', race, { ...root, volumeMounts: [{ name: 'v', mountPath: '/sub', subPath: 'd' }] })],
            },
          },
        },
      };
      await apply(claim, pod(ns, 'swap', [shell('main', swap, { ...root, volumeMounts: [{ name: 'v', mountPath: '/v' }] })], { volumes }));
      await ready(ns, 'swap');
      await apply(job);
      await run(['-n', ns, 'wait', '--for=condition=Complete', 'job/racer', '--timeout=600s'], { timeoutMs: 610_000 });
      const { items } = await get<{ items: Pod[] }>('-n', ns, 'pods', '-l', 'job-name=racer');
      const logs = await Promise.all(items.map(({ metadata }) => kubectl('-n', ns, 'logs', metadata.name)));
      expect(logs.length).toBeGreaterThanOrEqual(racers);
      expect(logs.join('')).not.toContain('ESCAPED');
      expect(await readdir(victim)).toEqual(['secret']);
      expect(await readFile(join(victim, 'secret'), 'utf8')).toBe('of the host');
    } finally {
      await kubectl('-n', ns, 'delete', 'pod', 'swap', '--ignore-not-found');
      await rm(victim, { recursive: true, force: true });
    }
  }),
);
