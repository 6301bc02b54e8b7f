// `berth registry`: an image registry in the cluster, and room in it or in the folder of another. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import {
  CronJob,
  DaemonSet,
  Deployment,
  installedRegistry,
  Job,
  Pod,
  PodTemplate,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '@berth/api';
import type { HttpClient } from '@berth/client';
import { erased } from '@berth/controller';
import type { KindDefinition } from '@berth/machinery';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { type Asked, type OwnOptions, readAsked } from '../ask/cluster-options.ts';
import { collectInCluster } from './cluster/collect.ts';
import { broughtImage, installRegistry } from './cluster/install.ts';
import { registryStatus, statusText } from './cluster/status.ts';
import { uninstallRegistry } from './cluster/uninstall.ts';
import { collectGarbage, type Garbage } from './collect-garbage.ts';
import { writeImageArchive } from './image-archive.ts';
import { registryImage, registryImageConfig } from './registry-image.ts';
import { RegistryStorage } from './registry-storage.ts';

export const registryOptions: OwnOptions = {
  size: { type: 'string' },
  class: { type: 'string' },
  node: { type: 'string' },
  'keep-data': { type: 'boolean' },
  force: { type: 'boolean' },
  storage: { type: 'string' },
  used: { type: 'string' },
  'older-than': { type: 'string' },
  'dry-run': { type: 'boolean' },
};

const { namespace, host } = installedRegistry;

export const registryUsage = `usage: berth registry install [--size 20Gi] [--class STORAGECLASS] [--node NODE] [--kubeconfig FILE]
       berth registry status [-o json]
       berth registry gc [--older-than 24h] [--dry-run] [-o json]
       berth registry uninstall [--keep-data] [--force]
       berth registry image FILE
       berth registry gc --storage DIRECTORY [--older-than 24h] [--dry-run] [-o json]
  install    makes a registry in the cluster (namespace ${namespace}), or brings it up to date: docker-registry in a pod, its images in a
             claim, its certificate from the cluster's authority. Images are ${host}/NAMESPACE/NAME:TAG, for pods
             and, without any configuration, for nodes. A password is a token of the API, such as of
             kubectl create token berth-builder; what it may push is what RBAC lets it do with the path /v2/NAMESPACE/*.
  status     whether it serves, where, how full it is and until when its certificate is good; exit code 1 when something is amiss
  gc         removes, while it serves, manifests that have no tag and that no pod or workload of the cluster names by digest, and layers
             that no manifest needs. What changed within --older-than (least 1h) stays. Blobs are set aside at first, and are gone the
             next time unless something refers to them then. With --storage: in the folder of another docker-registry (its
             rootdirectory) on this machine, which must keep no cache of blobs; that of npm run up is .berth/registry/data.
  uninstall  removes it with all its images; refused while pods run some of them, unless --force. --keep-data leaves the claim, which the
             next install takes up
  image      writes the registry's own image into a file, for a cluster that has no registry yet: berth image import FILE brings it to
             the node that is to run it, and install --node NODE uses it there`;

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const olderThanDefault = '24h';
const sizeDefault = '20Gi';
/** A push takes a while from its first layer to its manifest. */
const olderThanMsMin = 3_600_000;
const pageSize = 500;
const megabyte = 1024 * 1024;

/** A digest may stand anywhere in them. */
const kinds = [
  erased(Pod),
  erased(PodTemplate),
  erased(ReplicationController),
  erased(ReplicaSet),
  erased(Deployment),
  erased(StatefulSet),
  erased(DaemonSet),
  erased(Job),
  erased(CronJob),
];

export async function runRegistry(argv: string[], print: (text: string) => void): Promise<number> {
  const asked = readAsked(argv, registryOptions);
  if (asked.isHelp) {
    print(registryUsage);
    return 0;
  }
  const [word = '', ...more] = asked.positionals;
  const command = commands[word];
  if (!command || more.length !== (word === 'image' ? 1 : 0)) throw new UsageError(registryUsage);
  return command(asked, print, more[0] ?? '');
}

type Command = (asked: Asked, print: (text: string) => void, file: string) => Promise<number>;

const commands: Record<string, Command> = {
  async install(asked, print) {
    const wish = { storage: quantity(asked.text('size')), storageClass: asked.text('class'), node: asked.text('node') };
    await asked.ask(({ client }) => installRegistry(client, wish, (line) => process.stderr.write(`${line}\n`)));
    print(`images are ${host}/NAMESPACE/NAME:TAG; berth build --prepare -n NAMESPACE makes an account that pushes those of a namespace`);
    return 0;
  },
  async status(asked, print) {
    const status = await asked.ask(({ client }) => registryStatus(client, systemClock.now()));
    print(asked.isJson ? JSON.stringify(status, undefined, 2) : statusText(status));
    return status.isInstalled && status.problems.length === 0 ? 0 : 1;
  },
  async uninstall(asked, print) {
    const wish = { keepsData: asked.isSet('keep-data'), isForced: asked.isSet('force') };
    const wasThere = await asked.ask(({ client }) => uninstallRegistry(client, wish));
    print(
      wasThere
        ? `the registry is gone${wish.keepsData ? '; its images stay for the next one' : ', with all its images'}`
        : 'no registry is installed',
    );
    return 0;
  },
  async image(_asked, print, file) {
    const image = await registryImage();
    await writeImageArchive(file, broughtImage(image.tag), image, registryImageConfig);
    print(`${file}: ${broughtImage(image.tag)}`);
    return 0;
  },
  gc,
};

async function gc(asked: Asked, print: (text: string) => void): Promise<number> {
  const olderThan = asked.text('older-than') ?? olderThanDefault;
  const olderThanMs = Date.now() - duration(olderThan);
  const isDryRun = asked.isSet('dry-run');
  const done = await collected(asked, { olderThan, olderThanMs, isDryRun });
  const { manifests, blobs, bytes, gone } = done;
  const text = `${isDryRun ? 'would remove' : 'removed'} ${manifests.length} manifests; ${isDryRun ? 'would set' : 'set'} aside ${blobs} blobs, ${(bytes / megabyte).toFixed(1)} MB${isDryRun ? '' : `; ${gone} of the time before are gone`}`;
  print(asked.isJson ? JSON.stringify(done, undefined, 2) : [...manifests, text].join('\n'));
  return 0;
}

interface GarbageTimes {
  olderThan: string;
  olderThanMs: number;
  isDryRun: boolean;
}

async function collected(asked: Asked, { olderThan, olderThanMs, isDryRun }: GarbageTimes): Promise<Garbage> {
  const [directory, usedFile] = [asked.text('storage'), asked.text('used')];
  // In the pod that works for the registry of the cluster.
  if (directory !== undefined && usedFile !== undefined) {
    const used = new Set(
      gunzipSync(await readFile(usedFile))
        .toString('utf8')
        .split('\n'),
    );
    return collectGarbage(new RegistryStorage(directory, true), { used, olderThanMs, isDryRun });
  }
  return asked.ask(async ({ client }) => {
    const used = await digestsInUse(client);
    if (directory !== undefined) return collectGarbage(new RegistryStorage(directory), { used, olderThanMs, isDryRun });
    return collectInCluster(client, { used, olderThan, isDryRun, progress: (line) => process.stderr.write(`${line}\n`) });
  });
}

function quantity(text = sizeDefault): string {
  if (!/^[1-9]\d*(?:[KMGT]i?)?$/.test(text)) throw new UsageError(`--size: ${JSON.stringify(text)} is no quantity such as ${sizeDefault}`);
  return text;
}

/** Whatever looks like one in objects that have pods, or are: rather too many than one too few. */
export async function digestsInUse(client: Pick<HttpClient, 'list'>): Promise<Set<string>> {
  const used = new Set<string>();
  for (const kind of kinds) await addDigests(client, kind, used);
  return used;
}

async function addDigests(client: Pick<HttpClient, 'list'>, kind: KindDefinition, used: Set<string>): Promise<void> {
  let more: string | undefined;
  do {
    const page = await client.list(kind, { limit: pageSize, ...(more && { continue: more }) });
    for (const [digest] of JSON.stringify(page.items).matchAll(/sha256:[0-9a-f]{64}/g)) used.add(digest);
    more = page.continue;
  } while (more);
}

function duration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (!(ms >= olderThanMsMin))
    throw new UsageError(`--older-than: ${JSON.stringify(text)} is no time of at least an hour, such as 24h or 7d`);
  return ms;
}
