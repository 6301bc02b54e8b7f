// What ties a pod to its host, or keeps it apart: ports of the host's network, user namespaces, and the name it gives itself.
import type { Container, PodSpec } from '../generated/core-v1.types.ts';
import { each, type FieldError, forbidden, invalid, invalidAll, tooLong } from './errors.ts';
import { dnsSubdomain } from './names.ts';

/** What Linux takes for a host name. */
const hostnameBytesMax = 64;

/** On the host's network a port is the host's own. A template may leave it to the pod's defaults. */
export function hostNetworkPorts(spec: PodSpec, field: string, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return [];
  return each(spec.containers, `${field}.containers`, (container, at) =>
    each(container.ports, `${at}.ports`, ({ hostPort = 0, containerPort }, path) =>
      hostPort === containerPort || (!isPod && hostPort === 0)
        ? []
        : [invalid(`${path}.hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true')],
    ),
  );
}

/** A pod with users of its own shares no other namespace with the host. */
export function hostUsers(spec: PodSpec, field: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const detail = 'when `hostUsers` is false';
  const errors: FieldError[] = [];
  if (spec.hostNetwork) errors.push(forbidden(`${field}.hostNetwork`, detail));
  // Kubernetes writes these two with a capital.
  if (spec.hostPID) errors.push(forbidden(`${field}.HostPID`, detail));
  if (spec.hostIPC) errors.push(forbidden(`${field}.HostIPC`, detail));
  const devices = (list: Pick<Container, 'volumeDevices'>[] | undefined, path: string) =>
    each(list, path, (container, at) => (container.volumeDevices?.length ? [forbidden(`${at}.volumeDevices`, detail)] : []));
  return [
    ...errors,
    ...devices(spec.initContainers, `${field}.initContainers`),
    ...devices(spec.containers, `${field}.containers`),
    ...devices(spec.ephemeralContainers, `${field}.ephemeralContainers`),
  ];
}

export function hostnameOverride(spec: PodSpec, field: string): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const path = `${field}.hostnameOverride`;
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN) errors.push(forbidden(path, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbidden(path, 'may not be specified when hostNetwork is true'));
  if (name.length > hostnameBytesMax) errors.push(tooLong(path, hostnameBytesMax));
  return [...errors, ...invalidAll(path, name, dnsSubdomain(name))];
}
