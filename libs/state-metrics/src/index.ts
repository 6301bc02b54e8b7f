// What the objects of a cluster say about it, as metrics: kube_* by the names and labels of kube-state-metrics
// (https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics), so that the dashboards and rules of others find their data.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { exposition } from './exposition.ts';
import * as access from './families/access.ts';
import { cronJobs, jobs } from './families/jobs.ts';
import { leases, namespaces, nodes } from './families/nodes.ts';
import { pods } from './families/pods.ts';
import * as policies from './families/policies.ts';
import * as services from './families/services.ts';
import * as storage from './families/storage.ts';
import * as workloads from './families/workloads.ts';
import type { KindFamilies, Labels } from './family.ts';

export { contentType } from './exposition.ts';

/** Some milliseconds of them. */
const objectsOfTurn = 200;

/** The objects of a kind, of all namespaces. */
export type ListObjects = <T extends KubeObject>(kind: KindDefinition<T>) => Promise<readonly T[]>;

/**
 * All metrics of all objects, in pieces of some 64 KiB; the event loop has a turn between them.
 * @throws what `list` throws
 */
export async function* stateMetrics(list: ListObjects): AsyncGenerator<string> {
  yield* ofEveryKind(async function* (of) {
    for (const piece of exposition(of, await list(of.kind))) {
      yield piece;
      await nextTurn();
    }
  });
}

export interface StateSample {
  name: string;
  labels: Labels;
  value: number;
}

/**
 * The metrics of these names alone; kinds that have none of them are not even listed. The event loop has a turn between batches.
 * @throws what `list` throws
 */
export async function* stateSamples(list: ListObjects, names: ReadonlySet<string>): AsyncGenerator<StateSample> {
  yield* ofEveryKind(async function* (of) {
    const families = of.families.filter(({ name }) => names.has(name));
    if (families.length === 0) return;
    for (const [index, object] of (await list(of.kind)).entries()) {
      const identity = of.identity(object);
      for (const { name, samples } of families) {
        for (const { labels, value } of samples(object)) yield { name, labels: { ...identity, ...labels }, value };
      }
      if (index % objectsOfTurn === objectsOfTurn - 1) await nextTurn();
    }
  });
}

async function* ofEveryKind<Out>(each: <T extends KubeObject>(of: KindFamilies<T>) => AsyncGenerator<Out>): AsyncGenerator<Out> {
  yield* each(nodes);
  yield* each(namespaces);
  yield* each(leases);
  yield* each(pods);
  yield* each(workloads.deployments);
  yield* each(workloads.replicaSets);
  yield* each(workloads.replicationControllers);
  yield* each(workloads.statefulSets);
  yield* each(workloads.daemonSets);
  yield* each(jobs);
  yield* each(cronJobs);
  yield* each(services.services);
  yield* each(services.endpoints);
  yield* each(services.endpointSlices);
  yield* each(services.ingresses);
  yield* each(services.ingressClasses);
  yield* each(services.networkPolicies);
  yield* each(storage.claims);
  yield* each(storage.volumes);
  yield* each(storage.storageClasses);
  yield* each(storage.configMaps);
  yield* each(storage.secrets);
  yield* each(policies.quotas);
  yield* each(policies.limitRanges);
  yield* each(policies.disruptionBudgets);
  yield* each(policies.autoscalers);
  yield* each(access.serviceAccounts);
  yield* each(access.roles);
  yield* each(access.clusterRoles);
  yield* each(access.roleBindings);
  yield* each(access.clusterRoleBindings);
  yield* each(access.mutatingWebhooks);
  yield* each(access.validatingWebhooks);
  yield* each(access.certificateRequests);
}
