// The differences that docs/differences.md names: each with the words that stand there, so that neither is there without the other.
import type { Difference } from './compare.ts';

export interface KnownDifference {
  /** Words of a line in docs/differences.md. */
  words: string;
  matches(difference: Difference, where: { kind: string; verb: string }): boolean;
}

export const knownDifferences: KnownDifference[] = [
  {
    words: 'warnings, there are some that name the fields and kinds that nothing acts on',
    matches: ({ at, berth }) =>
      at === 'warning' &&
      typeof berth === 'string' &&
      /nothing acts on|does not act|Berth|a node counts how many|^the patch does not apply: /.test(berth),
  },
  {
    words: 'Cluster addresses and addresses of endpoints may have no leading zeros',
    matches: ({ at, kubernetes, berth }) =>
      (at === 'warning' && /non-standard IP address "[^"]*\b0\d/.test(String(kubernetes))) ||
      (['cause', 'code'].includes(at) &&
        /^20\d |^undefined$/.test(String(kubernetes)) &&
        /(addresses\[|\.ip\b).*Invalid value: "(0\d|[\d.]*\.0\d).*must be a valid IP address/.test(String(berth))),
  },
  {
    words: 'Descriptions of fields, columns, operations and parameters, and',
    matches: ({ at }) => /columnDefinitions\[\*\]\.description$/.test(at),
  },
  {
    words: 'what is wrong within an expression or with YAML',
    matches: ({ at, kubernetes, berth }) =>
      (at === 'cause' && [kubernetes, berth].some((cause) => /compilation failed: |: must evaluate to /.test(String(cause)))) ||
      (at === 'message' &&
        /\byaml: |error converting YAML to JSON: /.test(String(kubernetes)) &&
        /error converting YAML/.test(String(berth))),
  },
  {
    words: 'those over devices are not estimated',
    matches: ({ at, kubernetes }) =>
      at === 'code' && /resource\.k8s\.io .*\.cel\.expression: .*too complex, exceeds cost limit/.test(String(kubernetes)),
  },
  {
    words: "A client's mistake is never a 500",
    matches: ({ at, kubernetes }) => at === 'fault' || (at === 'code' && /^(0 cut off|500 )/.test(String(kubernetes))),
  },
  {
    words: 'and a number that does not fit never another one',
    matches: ({ at }) => at === 'number',
  },
  {
    words: 'A list that Kubernetes shows as `null` is absent or empty, owned or not',
    matches: ({ at, kubernetes, berth }, { kind }) =>
      (kubernetes === null && (berth === undefined || JSON.stringify(berth) === '[]')) ||
      (kind === 'EndpointSlice' &&
        (/managedFields.*\.f:(endpoints|ports)$/.test(at) || /^\.(endpoints|ports) \| FieldManagerConflict/.test(String(kubernetes)))),
  },
  {
    words: 'an empty `caBundle` is',
    matches: ({ at }, { kind }) => at === 'object.metadata.generation' && kind.endsWith('WebhookConfiguration'),
  },
];
