// Amounts of resources as samples: `resource` and `unit` as labels, in the units that Prometheus' users expect.
import { isQuantity, parseQuantity } from '@berth/machinery';
import type { Labels, Sample } from './family.ts';

export function amount(quantity: string | undefined): number | undefined {
  return quantity !== undefined && isQuantity(quantity) ? parseQuantity(quantity).toNumber() : undefined;
}

export function* resourceSamples(amounts: Record<string, string> | undefined, labels: Labels = {}): Generator<Sample> {
  for (const [name, quantity] of Object.entries(amounts ?? {})) {
    const value = amount(quantity);
    if (value !== undefined) yield { labels: { ...labels, resource: name.replaceAll(/[^a-zA-Z0-9_]/g, '_'), unit: unitOf(name) }, value };
  }
}

function unitOf(resource: string): 'byte' | 'core' | 'integer' {
  if (resource === 'cpu') return 'core';
  const isBytes = ['memory', 'storage', 'ephemeral-storage'].includes(resource) || /^(?:hugepages|attachable-volumes)-/.test(resource);
  return isBytes ? 'byte' : 'integer';
}
