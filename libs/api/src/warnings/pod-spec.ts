// Fields of a pod spec that the API accepts and stores and that nothing acts on yet. Each one given warns, so that
// nobody believes in a setting that does nothing.
import type { Container, PodSpec, SecurityContext, Volume } from '../generated/core-v1.types.ts';

const actingVolumes = [
  'name',
  'emptyDir',
  'configMap',
  'secret',
  'hostPath',
  'persistentVolumeClaim',
  'ephemeral',
  'projected',
  'downwardAPI',
  'image',
  'csi',
  'nfs',
];
const actingProjections = ['configMap', 'secret', 'downwardAPI', 'serviceAccountToken'];
/** Resources whose limits are enforced. */
const limited = ['cpu', 'memory', 'ephemeral-storage'];
const claimsRule = 'Berth allocates no devices and its nodes prepare none: the pod waits until somebody else has allocated what it claims';
const idleSecurityFields = ['seLinuxOptions', 'windowsOptions', 'appArmorProfile'] as const;

/** `spec.overhead: Berth accepts this field but does not act on it yet`. */
export function idle(field: string, reason = 'Berth accepts this field but does not act on it yet'): string {
  return `${field}: ${reason}`;
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return !(typeof value === 'object' && Object.keys(value).length === 0);
}

export function podSpecWarnings(spec: PodSpec | undefined, field: string): string[] {
  if (!spec) return [];
  const warnings = isGiven(spec.resourceClaims) ? [idle(`${field}.resourceClaims`, claimsRule)] : [];
  if (isGiven(spec.overhead))
    warnings.push(idle(`${field}.overhead`, 'Berth counts overhead when it chooses a node, and limits nothing by it'));
  warnings.push(...resourceWarnings(spec, field));
  if (spec.os?.name === 'windows') warnings.push(idle(`${field}.os`, 'Berth runs Linux containers only'));
  for (const key of idleSecurityFields) {
    if (isGiven(spec.securityContext?.[key])) warnings.push(idle(`${field}.securityContext.${key}`));
  }
  warnings.push(...(spec.volumes ?? []).flatMap((volume, index) => volumeWarnings(volume, `${field}.volumes[${index}]`)));
  for (const list of ['initContainers', 'containers'] as const) {
    warnings.push(...(spec[list] ?? []).flatMap((container, index) => containerWarnings(container, `${field}.${list}[${index}]`, spec)));
  }
  return warnings;
}

function containerWarnings(container: Container, field: string, spec: PodSpec): string[] {
  const warnings: string[] = [];
  if (!spec.hostNetwork) warnings.push(...hostPortWarnings(container, field, spec));
  for (const hook of ['postStart', 'preStop'] as const) {
    if (container.lifecycle?.[hook]?.tcpSocket) warnings.push(idle(`${field}.lifecycle.${hook}.tcpSocket`));
  }
  if (container.resources?.claims?.length) warnings.push(idle(`${field}.resources.claims`));
  return [...warnings, ...resourceWarnings(container, field), ...securityWarnings(container.securityContext, `${field}.securityContext`)];
}

/** With the host's network a port is the host's already; else it is opened for main containers and sidecars. */
function hostPortWarnings(container: Container, field: string, spec: PodSpec): string[] {
  const isPlainInit = spec.initContainers?.includes(container) === true && container.restartPolicy !== 'Always';
  if (!isPlainInit) return [];
  const remedy = 'Berth keeps the port free of other pods, and opens host ports of containers and sidecars';
  return (container.ports ?? []).flatMap(({ hostPort }, index) => (hostPort ? idle(`${field}.ports[${index}].hostPort`, remedy) : []));
}

/** Others count for scheduling alone. */
function resourceWarnings({ resources }: Pick<Container, 'resources'>, field: string): string[] {
  const names = Object.keys(resources?.limits ?? {}).filter((name) => !limited.includes(name));
  return names.map((name) => idle(`${field}.resources.limits[${name}]`, 'Berth limits cpu, memory and ephemeral storage only'));
}

function securityWarnings(context: SecurityContext | undefined, field: string): string[] {
  return idleSecurityFields.filter((key) => isGiven(context?.[key])).map((key) => idle(`${field}.${key}`));
}

function volumeWarnings(volume: Volume, field: string): string[] {
  const warnings = Object.keys(volume)
    .filter((key) => !actingVolumes.includes(key))
    .map((key) => idle(`${field}.${key}`, 'Berth cannot provide this type of volume yet'));
  for (const [index, projection] of (volume.projected?.sources ?? []).entries()) {
    for (const key of Object.keys(projection)) {
      if (!actingProjections.includes(key)) warnings.push(idle(`${field}.projected.sources[${index}].${key}`));
    }
  }
  return warnings;
}
