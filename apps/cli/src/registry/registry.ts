// `berth registry gc`: makes room in the folder of the cluster's registry, on the machine that has it. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { CronJob, DaemonSet, Deployment, Job, Pod, PodTemplate, ReplicaSet, ReplicationController, StatefulSet } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { erased } from '@berth/controller';
import type { KindDefinition } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { type OwnOptions, readAsked } from '../ask/cluster-options.ts';
import { collectGarbage } from './collect-garbage.ts';
import { RegistryStorage } from './registry-storage.ts';

export const registryOptions: OwnOptions = {
  storage: { type: 'string' },
  'older-than': { type: 'string' },
  'dry-run': { type: 'boolean' },
};

export const registryUsage = `usage: berth registry gc --storage DIRECTORY [--older-than 24h] [--dry-run] [-o json] [--kubeconfig FILE]
  removes from the folder of a docker-registry (its rootdirectory), while it serves, manifests that have no tag and that no pod or workload
  of the cluster names by digest, and layers that no manifest needs. What changed within --older-than (least 1h) stays. Blobs are set
  aside at first, and are gone the next time unless something refers to them then. The registry must keep no cache of blobs
  (storage.cache); npm run up gives its clusters one without, in .berth/registry/data.`;

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const olderThanDefault = '24h';
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
  const [word, ...more] = asked.positionals;
  const directory = asked.text('storage');
  if (word !== 'gc' || more.length > 0) throw new UsageError(registryUsage);
  if (directory === undefined) throw new UsageError('--storage: name the rootdirectory of the registry');
  const olderThanMs = Date.now() - duration(asked.text('older-than') ?? olderThanDefault);
  const isDryRun = asked.isSet('dry-run');
  const done = await asked.ask(async ({ client }) => {
    return collectGarbage(new RegistryStorage(directory), { used: await digestsInUse(client), olderThanMs, isDryRun });
  });
  const { manifests, blobs, bytes, gone } = done;
  const text = `${isDryRun ? 'would remove' : 'removed'} ${manifests.length} manifests; ${isDryRun ? 'would set' : 'set'} aside ${blobs} blobs, ${(bytes / megabyte).toFixed(1)} MB${isDryRun ? '' : `; ${gone} of the time before are gone`}`;
  print(asked.isJson ? JSON.stringify(done, undefined, 2) : [...manifests, text].join('\n'));
  return 0;
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
