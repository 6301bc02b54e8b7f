// What Kubernetes warns of in a pod, or in a template that pods are made from: fields that changed their name or do nothing any
// more, and definitions that contradict each other. The words are Kubernetes', since people and tools look for them.
import type { Container, Pod, PodAffinityTerm, PodSpec, PodTemplateSpec, Volume } from '../generated/core-v1.types.ts';
import { addressWarnings } from '../validation/legacy-ip.ts';
import { dnsLabel } from '../validation/names.ts';
import { appArmorOfPod, appArmorOfTemplate } from './app-armor.ts';
import { claimSpecWarnings, fractionalBytes } from './claim-spec.ts';
import { containerPortWarnings } from './container-ports.ts';
import { containersWithPaths } from './containers-with-paths.ts';
import { deprecatedNodeLabel, labelMapWarnings, nodeSelectorTermWarnings } from './node-labels.ts';
import { overlappingPathWarnings } from './volume-paths.ts';

const deprecatedAnnotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const deprecatedVolumes: [keyof Volume, string][] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];
const podSeccompAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerSeccompAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';
const noMatch = 'a null labelSelector results in matching no pod';

/** @param what uses the name: `the Pod's hostname` */
export function hostnameWarnings(name: string, what: string): string[] {
  const reasons = dnsLabel(name);
  if (reasons.length === 0) return [];
  const advice = 'which can result in surprising behavior; a DNS label is recommended';
  return [`metadata.name: this is used in ${what}, ${advice}: [${reasons.join(' ')}]`];
}

/** Of a pod that is created. */
export function podWarnings(pod: Pod): string[] {
  const { metadata, spec } = pod;
  return [...hostnameWarnings(metadata.name, "the Pod's hostname"), ...appArmorOfPod(pod), ...specWarnings(spec, metadata.annotations, '')];
}

/** @param field where the template is, such as `spec.template` */
export function podTemplateWarnings(template: PodTemplateSpec | undefined, field: string): string[] {
  const { metadata, spec } = template ?? {};
  if (!spec) return [];
  const own = specWarnings(spec, metadata?.annotations, `${field}.`);
  return [...own, ...appArmorOfTemplate(spec, metadata?.annotations ?? {}, field)];
}

type Annotations = Record<string, string> | undefined;

/** @param at what stands before `spec` and `metadata` in paths, with its dot */
function specWarnings(spec: PodSpec, annotations: Annotations, at: string): string[] {
  const containers = containersWithPaths(spec, `${at}spec`);
  return [
    ...placementWarnings(spec, `${at}spec`),
    ...labelMapped(annotations, deprecatedAnnotations, `${at}metadata.annotations`),
    ...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume, `${at}spec.volumes[${index}]`)),
    ...overlappingPathWarnings(spec.volumes),
    ...duplicates(
      spec.hostAliases,
      ({ ip = '' }) => ip,
      (index, ip) => `${at}spec.hostAliases[${index}].ip: duplicate ip ${ip}`,
    ),
    ...duplicates(
      spec.imagePullSecrets,
      ({ name = '' }) => name,
      (index, name) => `${at}spec.imagePullSecrets[${index}].name: duplicate name ${name}`,
    ),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      name ? [] : [`${at}spec.imagePullSecrets[${index}].name: invalid empty name ""`],
    ),
    ...byteNames.flatMap((name) => fractionalBytes(spec.overhead?.[name], `${at}spec.overhead[${name}]`)),
    ...seccompWarnings(spec.securityContext?.seccompProfile, annotations, podSeccompAnnotation, at),
    ...containers.flatMap(({ container, field }) => [
      ...seccompWarnings(container.securityContext?.seccompProfile, annotations, `${containerSeccompAnnotation}${container.name}`, at),
      ...byteWarnings(container, field),
      ...hiddenVariables(container, field),
    ]),
    ...containerPortWarnings(containers),
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [`${at}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...podAffinityWarnings(spec, `${at}spec.affinity`),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, index) => addressWarnings(ip, `${at}spec.dnsConfig.nameservers[${index}]`)),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) => addressWarnings(ip, `${at}spec.hostAliases[${index}].ip`)),
  ];
}

function placementWarnings(spec: PodSpec, field: string): string[] {
  const node = spec.affinity?.nodeAffinity;
  const path = `${field}.affinity.nodeAffinity`;
  const required = 'requiredDuringSchedulingIgnoredDuringExecution';
  const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
  return [
    ...labelMapWarnings(spec.nodeSelector, (key) => `${field}.nodeSelector[${key}]`),
    ...(node?.[required]?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeSelectorTermWarnings(term, false, `${path}.${required}.nodeSelectorTerms[${index}]`),
    ),
    ...(node?.[preferred] ?? []).flatMap(({ preference }, index) =>
      nodeSelectorTermWarnings(preference, true, `${path}.${preferred}[${index}].preference`),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, index) => {
      const at = `${field}.topologySpreadConstraints[${index}]`;
      const message = deprecatedNodeLabel(topologyKey);
      return [
        ...(message ? [`${at}.topologyKey: ${topologyKey} is ${message}`] : []),
        ...(labelSelector ? [] : [`${at}.labelSelector: ${noMatch}`]),
      ];
    }),
  ];
}

function podAffinityWarnings({ affinity }: PodSpec, field: string): string[] {
  const withoutSelector = (term: PodAffinityTerm | undefined, path: string) =>
    term?.labelSelector ? [] : [`${path}.labelSelector: ${noMatch}`];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => [
    ...(affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
      withoutSelector(term, `${field}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`),
    ),
    ...(affinity?.[kind]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ podAffinityTerm }, index) =>
      withoutSelector(podAffinityTerm, `${field}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm`),
    ),
  ]);
}

function labelMapped(values: Annotations, messages: Record<string, string>, field: string): string[] {
  return Object.entries(messages).flatMap(([key, message]) => (values?.[key] === undefined ? [] : [`${field}[${key}]: ${message}`]));
}

function volumeWarnings(volume: Volume, field: string): string[] {
  const claim = volume.ephemeral?.volumeClaimTemplate;
  return [
    ...deprecatedVolumes.flatMap(([key, message]) => (volume[key] ? [`${field}.${key}: ${message}`] : [])),
    ...(claim ? claimSpecWarnings(claim.spec, `${field}.ephemeral.volumeClaimTemplate.spec`) : []),
  ];
}

/** @param warn is given the value as text in quotes */
function duplicates<T>(items: T[] | undefined, keyOf: (item: T) => string, warn: (index: number, key: string) => string): string[] {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, index) => {
    const key = keyOf(item);
    if (seen.has(key)) return [warn(index, JSON.stringify(key))];
    seen.add(key);
    return [];
  });
}

function seccompWarnings(profile: unknown, annotations: Annotations, key: string, at: string): string[] {
  if (profile || annotations?.[key] === undefined) return [];
  return [`${at}metadata.annotations[${key}]: non-functional in v1.27+; use the "seccompProfile" field instead`];
}

const byteNames = ['memory', 'ephemeral-storage'] as const;

function byteWarnings({ resources }: Container, field: string): string[] {
  return byteNames.flatMap((name) => [
    ...fractionalBytes(resources?.limits?.[name], `${field}.resources.limits[${name}]`),
    ...fractionalBytes(resources?.requests?.[name], `${field}.resources.requests[${name}]`),
  ]);
}

/** A later definition may build on an earlier one: `PATH=$(PATH):/more`. */
function hiddenVariables({ env }: Container, field: string): string[] {
  const seen = new Set<string>();
  return (env ?? []).flatMap(({ name, value = '', valueFrom }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const reference = `$(${name})`;
    const isHidden = valueFrom !== undefined || value === reference || !value.includes(reference);
    if (!isHidden) return [];
    return [`${field}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`];
  });
}
