// What a metric about objects is: a name, and the samples that one object gives for it.
import type { KindDefinition, KubeObject } from '@berth/machinery';

/** Undefined values are written as empty ones, as Prometheus takes both for the same. */
export type Labels = Record<string, string | undefined>;

export interface Sample {
  /** Beside those that say which object it is. */
  labels?: Labels;
  value: number;
}

export interface Family<T> {
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  samples(object: T): Iterable<Sample>;
}

/** All metrics about the objects of a kind, and the labels by which they tell objects apart. */
export interface KindFamilies<T extends KubeObject = KubeObject> {
  kind: KindDefinition<T>;
  identity(object: T): Labels;
  families: Family<T>[];
}

/** What of an object a metric's value is: nothing, where the object does not say. */
type Value = number | boolean | undefined;

/** One sample, or none where there is no value. */
export function value<T>(name: string, help: string, of: (object: T) => Value): Family<T> {
  return gauge(name, help, (object) => samplesOf([[undefined, of(object)]]));
}

export function gauge<T>(name: string, help: string, samples: (object: T) => Iterable<Sample>): Family<T> {
  return { name, help, type: 'gauge', samples };
}

export function counter<T>(name: string, help: string, samples: (object: T) => Iterable<Sample>): Family<T> {
  return { name, help, type: 'counter', samples };
}

/** Value 1 with labels that say something. */
export function info<T>(name: string, help: string, labels: (object: T) => Labels | undefined): Family<T> {
  return gauge(name, help, (object) => {
    const said = labels(object);
    return said ? [{ labels: said, value: 1 }] : [];
  });
}

export function* samplesOf(entries: Iterable<[Labels | undefined, Value]>): Generator<Sample> {
  for (const [labels, found] of entries) {
    if (found !== undefined && !Number.isNaN(found)) yield { ...(labels && { labels }), value: Number(found) };
  }
}

/** A sample for each state that there can be, 1 for the one that is. */
export function* oneOf(label: string, states: readonly string[], is: string | undefined): Generator<Sample> {
  for (const state of states) yield { labels: { [label]: state }, value: state === is ? 1 : 0 };
}

const truths = ['true', 'false', 'unknown'];

/** The three samples of each condition, by its type and its status. */
export function* conditionSamples(
  conditions: readonly { type?: string; status?: string; reason?: string }[] | undefined,
  { type = 'condition', reason }: { type?: string; reason?: string } = {},
): Generator<Sample> {
  for (const condition of conditions ?? []) {
    for (const { labels, value: is } of oneOf('status', truths, condition.status?.toLowerCase())) {
      yield { labels: { [type]: condition.type, ...labels, ...(reason && { [reason]: condition.reason }) }, value: is };
    }
  }
}

/** The three samples of one condition, under the label `condition`; none where the object does not have it. */
export function truthOf(conditions: readonly { type: string; status: string }[] | undefined, type: string): Iterable<Sample> {
  const found = conditions?.find((condition) => condition.type === type);
  return found ? oneOf('condition', truths, found.status.toLowerCase()) : [];
}

/** Seconds since 1970. */
export function seconds(time: string | null | undefined): number | undefined {
  return time ? Date.parse(time) / 1000 : undefined;
}

/** Times that all objects have. */
export function lifeTimes<T extends KubeObject>(prefix: string): Family<T>[] {
  return [
    value(`${prefix}_created`, 'When it was created, in seconds since 1970.', ({ metadata }) => seconds(metadata.creationTimestamp)),
    value(`${prefix}_deletion_timestamp`, 'When its deletion was asked for, in seconds since 1970.', ({ metadata }) =>
      seconds(metadata.deletionTimestamp),
    ),
    // Dashboards count objects by these; the labels of objects themselves are left out, as there is no end to them.
    value(`${prefix}_labels`, 'One for each object.', () => 1),
  ];
}

export function owners<T extends KubeObject>(name: string): Family<T> {
  return gauge(name, 'Who owns it.', ({ metadata }) => {
    const { ownerReferences = [] } = metadata;
    if (ownerReferences.length === 0) return [{ labels: ownerLabels('', '', ''), value: 1 }];
    return ownerReferences.map((owner) => ({ labels: ownerLabels(owner.kind, owner.name, String(owner.controller ?? false)), value: 1 }));
  });
}

function ownerLabels(kind: string, name: string, isController: string): Labels {
  return { owner_kind: kind, owner_name: name, owner_is_controller: isController };
}

export function resourceVersion<T extends KubeObject>(prefix: string): Family<T> {
  return value(`${prefix}_metadata_resource_version`, 'The version of the object.', ({ metadata }) => Number(metadata.resourceVersion));
}

/** Namespace and name, under the label that the metric's kind goes by. */
export function named(label: string): (object: KubeObject) => Labels {
  return ({ metadata }) => ({ namespace: metadata.namespace, [label]: metadata.name });
}
