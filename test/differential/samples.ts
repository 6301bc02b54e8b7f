// Objects of every kind as people write them, richer than the smallest valid ones, some of which are added: mutations only reach what is there.
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { deepClone } from '@berth/machinery';
import { type Random, seededRandom } from '@berth/telemetry';
import { sampleOf } from '../../libs/api/src/testing.ts';
import { ambientSamples } from './ambient-samples.ts';
import { clusterSamples } from './cluster-samples.ts';
import { sampleDefinition } from './definition-samples.ts';
import { samplePodSpec } from './pod-samples.ts';
import { workloadSamples } from './workload-samples.ts';

export type Part = Record<string, unknown>;

const samples: Record<string, Part[] | undefined> = { ...workloadSamples, ...clusterSamples, ...ambientSamples };
const templates = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'PodTemplate',
]);

/** The smallest valid object, named after the scenario's number. */
export function plainObject(kind: KindDefinition, number: number): KubeObject {
  const stored = deepClone(sampleOf(kind.view?.of ?? kind)) as KubeObject & Part;
  const object = (kind.view?.fromStored(stored) ?? stored) as KubeObject & Part;
  if (kind.kind === 'CustomResourceDefinition') {
    const { name, spec } = sampleDefinition(number, seededRandom(number));
    object.spec = spec;
    object.metadata = { ...object.metadata, name };
  }
  return identified(object, kind, number);
}

/** A valid object, most of the time: named after the request's number, so that no two requests meet. */
export function sampleObject(kind: KindDefinition, number: number, random: Random): KubeObject {
  const stored = deepClone(sampleOf(kind.view?.of ?? kind)) as KubeObject & Part;
  const more = samples[kind.kind];
  const part = more && random.int(4) > 0 ? more[random.int(more.length)] : undefined;
  if (part) Object.assign(stored, structuredClone(part));
  const object = (kind.view?.fromStored(stored) ?? stored) as KubeObject & Part;
  if (kind.kind === 'Pod') object.spec = samplePodSpec(random);
  if (kind.kind === 'CustomResourceDefinition') {
    const { name, spec } = sampleDefinition(number, random);
    object.spec = spec;
    object.metadata = { ...object.metadata, name };
  }
  if (templates.has(kind.kind) && random.int(4) > 0) richTemplate(object, kind.kind, random);
  return identified(object, kind, number);
}

function identified(object: KubeObject, kind: KindDefinition, number: number): KubeObject {
  object.apiVersion = kind.group ? `${kind.group}/${kind.version}` : kind.version;
  object.metadata = {
    ...object.metadata,
    name: kind.kind === 'CustomResourceDefinition' ? object.metadata.name : nameFor(kind, number),
    ...(kind.namespaced && { namespace: namespaceOf(kind) }),
    labels: { ...object.metadata.labels, number: `n${number}` },
  };
  return object;
}

/** Quotas and limits have one of their own, so that they concern nobody. */
export function namespaceOf(kind: KindDefinition): string {
  return kind.kind === 'ResourceQuota' || kind.kind === 'LimitRange' ? 'differential-limits' : 'differential';
}

/** Of these kinds, each has its template elsewhere. */
interface Templated {
  template?: Part;
  spec?: { template?: Part; jobTemplate?: { spec?: { template?: Part } } };
}

function richTemplate(object: Part, kind: string, random: Random): void {
  const { template: own, spec } = object as Templated;
  const template = kind === 'PodTemplate' ? own : kind === 'CronJob' ? spec?.jobTemplate?.spec?.template : spec?.template;
  if (!template) throw new Error(`the sample of ${kind} has no template`);
  template.spec = samplePodSpec(random, kind === 'Job' || kind === 'CronJob' ? 'Never' : undefined);
}

function nameFor(kind: KindDefinition, number: number): string {
  if (kind.kind === 'IPAddress') return `10.98.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
  return `s${number}${kind.kind === 'CSIDriver' ? '.example.com' : ''}`;
}
