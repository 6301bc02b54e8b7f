// A container's environment: literal values, references to config maps, secrets, pod fields and resources, $(NAME)
// expansion, and the variables of services (Kubernetes, "Define environment variables" and "Discovering services").
import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '@berth/api';
import { fieldValue, type NodeAllocatable, resourceValue } from './downward.ts';

/** A reference that cannot be resolved; the container waits with CreateContainerConfigError. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

export interface EnvironmentSources {
  pod: Pod;
  podIps: string[];
  hostIp: string;
  allocatable: NodeAllocatable;
  clusterDomain: string;
  /** Of variables that come from files, by the variable's name. */
  fileVariables?: ReadonlyMap<string, string>;
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
  /** Services of the pod's namespace, and `kubernetes` of default. */
  services: Service[];
}

/** @throws ConfigError naming the missing object or key. */
export function environment(container: Container, sources: EnvironmentSources): { name: string; value: string }[] {
  const result = new Map<string, string>();
  serviceVariables(
    sources.services.filter((service) => isLinked(service, sources.pod)),
    result,
  );
  for (const from of container.envFrom ?? []) {
    for (const [key, value] of Object.entries(envFromData(from, sources))) result.set(`${from.prefix ?? ''}${key}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom ? referenced(variable, container, sources) : expand(variable.value ?? '', result);
    if (value !== undefined) result.set(variable.name, value);
  }
  return [...result].map(([name, value]) => ({ name, value }));
}

function envFromData(from: NonNullable<Container['envFrom']>[number], sources: EnvironmentSources): Record<string, string> {
  if (from.configMapRef) {
    const map = sources.configMap(from.configMapRef.name ?? '');
    if (!map && !from.configMapRef.optional) throw new ConfigError(`configmap "${from.configMapRef.name}" not found`);
    return map?.data ?? {};
  }
  if (from.secretRef) {
    const secret = sources.secret(from.secretRef.name ?? '');
    if (!secret && !from.secretRef.optional) throw new ConfigError(`secret "${from.secretRef.name}" not found`);
    return Object.fromEntries(Object.entries(secret?.data ?? {}).map(([k, v]) => [k, Buffer.from(v, 'base64').toString()]));
  }
  return {};
}

function referenced(variable: EnvVar, container: Container, sources: EnvironmentSources): string | undefined {
  const from = variable.valueFrom;
  if (from?.fieldRef) return fieldValue(from.fieldRef.fieldPath ?? '', sources);
  if (from?.fileKeyRef) return sources.fileVariables?.get(variable.name);
  if (from?.resourceFieldRef) return resourceValue(from.resourceFieldRef, container, sources.pod, sources.allocatable);
  if (from?.configMapKeyRef) {
    const { name, key, optional } = from.configMapKeyRef;
    const map = sources.configMap(name ?? '');
    const value = map?.data?.[key];
    if (value === undefined && !optional)
      throw new ConfigError(
        map ? `couldn't find key ${key} in ConfigMap ${sources.pod.metadata.namespace}/${name}` : `configmap "${name}" not found`,
      );
    return value;
  }
  if (from?.secretKeyRef) {
    const { name, key, optional } = from.secretKeyRef;
    const secret = sources.secret(name ?? '');
    const value = secret?.data?.[key];
    if (value === undefined && !optional)
      throw new ConfigError(
        secret ? `couldn't find key ${key} in Secret ${sources.pod.metadata.namespace}/${name}` : `secret "${name}" not found`,
      );
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  }
  return undefined;
}

/** Replaces $(NAME) by a variable defined so far; $$(NAME) is a literal $(NAME); unknown names stay as they are. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()$]*)\))/g, (whole, mark: string, name: string | undefined) => {
    if (mark === '$') return '$';
    return (name !== undefined ? variables.get(name) : undefined) ?? whole;
  });
}

/** The API server is told of to every pod, its neighbours to those that do not decline. */
/** Services of the pod's own namespace unless it wants none, and always the API. */
function isLinked({ metadata }: Service, pod: Pod): boolean {
  if (metadata.namespace === 'default' && metadata.name === 'kubernetes') return true;
  return pod.spec.enableServiceLinks !== false && metadata.namespace === pod.metadata.namespace;
}

function serviceVariables(services: Service[], into: Map<string, string>): void {
  for (const service of services) {
    const ip = service.spec.clusterIP;
    const ports = service.spec.ports ?? [];
    const [first] = ports;
    if (!ip || ip === 'None' || !first) continue;
    const prefix = service.metadata.name.toUpperCase().replaceAll('-', '_');
    into.set(`${prefix}_SERVICE_HOST`, ip);
    into.set(`${prefix}_SERVICE_PORT`, String(first.port));
    for (const port of ports) {
      if (port.name) into.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port));
    }
    const url = (port: typeof first) => `${(port.protocol ?? 'TCP').toLowerCase()}://${ip}:${port.port}`;
    into.set(`${prefix}_PORT`, url(first));
    for (const port of ports) {
      const name = `${prefix}_PORT_${port.port}_${(port.protocol ?? 'TCP').toUpperCase()}`;
      into.set(name, url(port));
      into.set(`${name}_PROTO`, (port.protocol ?? 'TCP').toLowerCase());
      into.set(`${name}_PORT`, String(port.port));
      into.set(`${name}_ADDR`, ip);
    }
  }
}
