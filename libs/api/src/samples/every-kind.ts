// One valid object of every kind, for tests that must hold for all of them. Each call makes a fresh copy.
import { deepClone, type KindDefinition, type KubeObject } from '@berth/machinery';
import { admissionSamples } from './admission.ts';
import { clusterSamples } from './cluster.ts';
import { coreSamples } from './core.ts';
import { extensionSamples } from './extensions.ts';
import { workloadSamples } from './workloads.ts';

const samples: Record<string, (() => object) | undefined> = {
  ...coreSamples,
  ...workloadSamples,
  ...clusterSamples,
  ...admissionSamples,
  ...extensionSamples,
};

/** @throws RangeError for a kind without a sample: whoever adds a kind adds one. */
export function sampleOf(kind: KindDefinition): KubeObject {
  const make = samples[kind.kind];
  if (!make) throw new RangeError(`libs/api/src/samples has no ${kind.kind}: add the smallest valid one`);
  return deepClone(make()) as KubeObject;
}
