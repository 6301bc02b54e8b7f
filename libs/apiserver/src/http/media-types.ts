// Content negotiation: which representation an Accept header asks for, among those this API can give. Clauses are read, ordered and
// passed over as Kubernetes does, down to what it makes of odd ones: clients' headers were written against that.
import type { AggregatedForm } from '../documents/discovery.ts';

export interface MediaRange {
  type: string;
  subtype: string;
  quality: number;
  parameters: Record<string, string>;
}

export type Format = 'json' | 'yaml' | 'protobuf';
export type Conversion = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

export interface Representation {
  format: Format;
  /** Objects and lists in another form; in which version of meta.k8s.io. */
  as?: Conversion;
  version?: 'v1' | 'v1beta1';
  /** `;pretty=1` */
  isPretty?: true;
}

/** As many are sorted by insertion in Go, which shows where the order contradicts itself. */
const insertionMax = 12;

/** `a/b;c=d, e/f` → ranges, best first: by `q`, then those that name a type, then in the order given. None is refused for its `q`. */
export function parseAccept(header: string): MediaRange[] {
  const ranges = header.split(',').flatMap((part) => mediaRange(part) ?? []);
  if (ranges.length > insertionMax) return ranges.sort((a, b) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0));
  for (let i = 1; i < ranges.length; i++) {
    for (let j = i; j > 0; j--) {
      const [before, after] = [ranges[j - 1], ranges[j]] as [MediaRange, MediaRange];
      if (!isBetter(after, before)) break;
      ranges[j - 1] = after;
      ranges[j] = before;
    }
  }
  return ranges;
}

function isBetter(a: MediaRange, b: MediaRange): boolean {
  return a.quality > b.quality || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*');
}

function mediaRange(part: string): MediaRange | undefined {
  const [range = '', ...rest] = part.split(';');
  const [type = '', subtype = '', ...more] = range.split('/').map((text) => text.trim());
  if (more.length > 0 || (subtype === '' && type !== '*')) return undefined;
  const parameters: Record<string, string> = {};
  let quality = 1;
  for (const text of rest) {
    const [name = '', value = '', ...excess] = text.split('=');
    if (value === '' || excess.length > 0) continue;
    if (name.trim() === 'q') quality = Number(value) || 0;
    else parameters[name.trim()] = value.trim();
  }
  return { type, subtype: subtype || '*', quality, parameters };
}

const token = "[!#$%&'*+.^_`|~A-Za-z0-9-]+";
const parameter = `\\s*;\\s*(${token})\\s*=\\s*(?:${token}|"(?:[^"\\\\]|\\\\.)*")`;
/** No two parts of it can have the same blanks: else 16 KB of them would take half a second. */
const contentType = new RegExp(`^\\s*(${token}/${token})((?:${parameter})*)[\\s;]*$`);

/** Without its parameters, which have to be some nevertheless; undefined for what is no media type. */
export function parseMediaType(text: string): string | undefined {
  const [, type, parameters = ''] = contentType.exec(text) ?? [];
  const names = [...parameters.matchAll(new RegExp(parameter, 'g'))].map(([, name]) => name?.toLowerCase());
  return new Set(names).size === names.length ? type?.toLowerCase() : undefined;
}

export const mediaTypes: readonly { type: string; subtype: string; format: Format }[] = [
  { type: 'application', subtype: 'json', format: 'json' },
  { type: 'application', subtype: 'yaml', format: 'yaml' },
  { type: 'application', subtype: 'vnd.kubernetes.protobuf', format: 'protobuf' },
];
const conversions: ReadonlySet<string> = new Set<Conversion>(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** What may be given of what is asked for. */
export interface Available {
  formats: readonly Format[];
  /** In these formats alone; nothing, where it has none. */
  tables: readonly Format[];
  /** False for what is no object: an error. */
  converts: boolean;
  /** `sv=` may name it alone. */
  version?: string;
}

/** The first acceptable representation; undefined when none is (406). */
export function negotiate(header: string | undefined, available: Available): Representation | undefined {
  if (!header) return { format: 'json' };
  for (const range of parseAccept(header)) {
    for (const { type, subtype, format } of mediaTypes) {
      const isMeant = range.type === '*' ? range.subtype === '*' : range.type === type && [subtype, '*'].includes(range.subtype);
      const found = isMeant ? representation(format, range.parameters, available) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

function representation(format: Format, parameters: Record<string, string>, available: Available): Representation | undefined {
  const { as, g, v, stream, sv, pretty } = parameters;
  if (stream !== undefined && (stream !== 'watch' || format === 'yaml')) return undefined;
  if (sv !== undefined && sv !== available.version) return undefined;
  const isPretty = pretty === '1' && { isPretty: true as const };
  if (as === undefined && g === undefined && v === undefined) {
    return available.formats.includes(format) ? { format, ...isPretty } : undefined;
  }
  if (!available.converts || g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1') || !isConversion(as)) return undefined;
  if (as === 'Table' && !available.tables.includes(format)) return undefined;
  return { format, as, version: v, ...isPretty };
}

function isConversion(as: string | undefined): as is Conversion {
  return as !== undefined && conversions.has(as);
}

/** In which form discovery is asked for in one aggregated document, before anything else that can be given; undefined when it is not. */
export function wantedAggregatedDiscovery(header: string | undefined): AggregatedForm | undefined {
  for (const range of parseAccept(header ?? '')) {
    const format = mediaTypes.find(({ type, subtype }) => range.type === type && range.subtype === subtype)?.format;
    if (!format || format === 'protobuf') continue;
    const { as, g, v } = range.parameters;
    if (as === undefined) return undefined;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}
