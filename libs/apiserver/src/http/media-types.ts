// Content negotiation: which representation an Accept header asks for, among those this API can give.
import type { AggregatedForm } from '../documents/discovery.ts';

export interface MediaRange {
  type: string;
  parameters: Record<string, string>;
}

export type Representation =
  | { format: 'json' | 'yaml' | 'protobuf'; as?: undefined }
  | { format: 'json' | 'yaml'; as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' };

/** `a/b;c=d, e/f` → ranges, best first: by `q`, then in the order given. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').map(parseMediaType);
  const quality = (range: MediaRange) => Number(range.parameters.q ?? '1') || 0;
  return ranges.filter((range) => range.type !== '' && quality(range) > 0).sort((a, b) => quality(b) - quality(a));
}

export function parseMediaType(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const pairs = parameters.map((parameter) => {
    const [name = '', value = ''] = parameter.split('=');
    return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
  });
  return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) };
}

const formats: Record<string, 'json' | 'yaml' | 'protobuf'> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
const conversions = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] as const;

/** The first acceptable representation; undefined when none is (406). @param hasTable whether there is a table of what is asked for */
export function negotiate(header: string | undefined, hasTable = true): Representation | undefined {
  for (const range of parseAccept(header || '*/*')) {
    const format = formats[range.type];
    if (!format) continue;
    const { as, g, v } = range.parameters;
    if (as === undefined) return { format };
    if (format === 'protobuf') continue;
    const conversion = conversions.find((known) => known === as);
    if (conversion === 'Table' && !hasTable) continue;
    if (conversion && g === 'meta.k8s.io' && v === 'v1') return { format, as: conversion };
  }
  return undefined;
}

/** In which form discovery is asked for in one aggregated document, before anything else that can be given; undefined when it is not. */
export function wantedAggregatedDiscovery(header: string | undefined): AggregatedForm | undefined {
  for (const range of parseAccept(header ?? '')) {
    const format = formats[range.type];
    if (!format || format === 'protobuf') continue;
    const { as, g, v } = range.parameters;
    if (as === undefined) return undefined;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}
