// Takes out of an answer what two servers cannot have alike: identities, times, versions, addresses that they chose, random names
// and tokens. Each is replaced by a mark, so that whether it is there is compared still.
import { isRecord } from '@berth/machinery';

const time = '<time>';
/** Nothing that is asked for lies so near to now by itself: it is what a server wrote, sent back to it. */
const recentMs = 3_600_000;

const marks: [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, time],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>'],
  [/\bX509SHA256=[0-9a-f]{64}\b/g, 'X509SHA256=<digest>'],
  [/(?<=Too large resource version: \d+, current: )\d+/g, '<resourceVersion>'],
  [/(?<=ResourceVersion in object meta: )\d+/g, '<resourceVersion>'],
  [/(?<=does not match the ResourceVersion in record \()\d+/g, '<resourceVersion>'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'],
];
/** Fields that a server alone chooses. */
const versions = new Set(['resourceVersion', 'continue', 'uid', 'selfLink']);
const age = /^(\d+(ms|[smhdy]))+$/;

/**
 * @param asked what the requests to both say, as texts: what stands in both was not chosen by a server
 * @param serviceCidr whose addresses, unless asked for, are the servers' choice
 */
export function normalised(value: unknown, asked: string[], serviceCidr: string): unknown {
  const prefix = serviceCidr.split('.').slice(0, 2).join('\\.');
  const isAsked = (found: string, mark?: string) =>
    asked.every((request) => request.includes(found)) && !(mark === time && Math.abs(Date.parse(found) - Date.now()) < recentMs);
  const address = new RegExp(`\\b${prefix}\\.\\d+\\.\\d+\\b`, 'g');
  const generated = generatedNames(asked);
  const text = (given: string) => {
    let shown = given.replace(address, (found) => (isAsked(found) ? found : '<address>'));
    if (generated) shown = shown.replace(generated, '$1<random>');
    for (const [pattern, mark] of marks) shown = shown.replace(pattern, (found) => (isAsked(found, mark) ? found : mark));
    return shown;
  };
  const walk = (given: unknown, key: string): unknown => {
    const part = withoutControllers(given, key);
    if (Array.isArray(part)) return (key === 'managedFields' ? byAuthor(part) : part).map((item) => walk(item, key));
    if (key === terminating && isRecord(part)) {
      const { 'f:lastTransitionTime': _time, ...rest } = part;
      return rest;
    }
    if (isRecord(part)) return Object.fromEntries(Object.entries(part).map(([name, inner]) => [text(name), walk(inner, name)]));
    if (typeof part === 'string') {
      if (versions.has(key) && part !== '') return `<${key}>`;
      if (key === 'cells' && age.test(part)) return '<age>';
      return text(part);
    }
    if ((key === 'nodePort' || key === 'healthCheckNodePort') && !isAsked(String(part))) return '<port>';
    return part;
  };
  return walk(value, '');
}

const nameLengthMax = 63;
const randomLength = 5;

/** Names that the servers made of the beginning that was asked for. */
function generatedNames(asked: string[]): RegExp | undefined {
  const [, beginning] = /"generateName":"((?:[^"\\]|\\.)+)"/.exec(asked[0] ?? '') ?? [];
  if (!beginning) return undefined;
  const kept = beginning.slice(0, nameLengthMax - randomLength).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(${kept})[bcdfghjklmnpqrstvwxz2456789]{${randomLength}}(?![a-z0-9])`, 'g');
}

/** What Kubernetes' controller manager writes of policies, without which its API server runs here. */
export function withoutControllers(part: unknown, key: string): unknown {
  if (key === 'managedFields' && Array.isArray(part))
    return part.filter((entry) => !(isRecord(entry) && entry.manager === 'validatingadmissionpolicy-status-controller'));
  if (key !== 'status' || !isRecord(part) || !('typeChecking' in part)) return part;
  const { typeChecking: _checking, observedGeneration: _generation, ...rest } = part;
  return rest;
}

/** Whether a condition's time is another one depends on when the second ended: only who owns the condition is compared. */
const terminating = 'k:{"type":"Terminating"}';

/** Their order is that of whole seconds, which may end between two writes for one server and not for the other. */
function byAuthor(entries: unknown[]): unknown[] {
  const author = (entry: unknown) =>
    isRecord(entry) ? [entry.operation, entry.manager, entry.apiVersion, entry.subresource].map(String).join(' ') : '';
  return entries.toSorted((a, b) => (author(a) < author(b) ? -1 : 1));
}
