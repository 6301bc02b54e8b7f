// Ports of a pod's containers that stand twice, or contradict each other: the pod has one address for all.
import type { Container, ContainerPort } from '../generated/core-v1.types.ts';

interface Placed {
  field: string;
  port: ContainerPort;
}

/** @param containers with their paths, in the order in which they are looked at */
export function containerPortWarnings(containers: { field: string; container: Pick<Container, 'ports'> }[]): string[] {
  const ports = containers.flatMap(({ field, container }) =>
    (container.ports ?? []).map((port, index) => ({ field: `${field}.ports[${index}]`, port })),
  );
  return [...numbers(ports), ...names(ports)];
}

function numbers(ports: Placed[]): string[] {
  const seen = new Map<string, Placed[]>();
  return ports.flatMap((placed) => {
    const { field, port } = placed;
    const key = `${port.containerPort}/${port.protocol}`;
    const others = seen.get(key) ?? [];
    seen.set(key, [...others, placed]);
    const idle = port.hostIP && !port.hostPort ? [`${field}: hostIP set without hostPort: ${goText(port)}`] : [];
    return [...idle, ...others.flatMap((other) => conflict(placed, other))];
  });
}

function conflict({ field, port }: Placed, other: Placed): string[] {
  const [host, otherHost] = [port.hostPort ?? 0, other.port.hostPort ?? 0];
  const [address, otherAddress] = [port.hostIP ?? '', other.port.hostIP ?? ''];
  if (address === otherAddress && host === otherHost) return [`${field}: duplicate port definition with ${other.field}`];
  if (host === 0 || otherHost === 0) return [`${field}: overlapping port definition with ${other.field}`];
  const isAmbiguous = host === otherHost && (address === '') !== (otherAddress === '');
  return isAmbiguous ? [`${field}: dangerously ambiguous port definition with ${other.field}`] : [];
}

/** As Kubernetes prints it. */
function goText({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

function names(ports: Placed[]): string[] {
  const first = new Map<string, string>();
  return ports.flatMap(({ field, port: { name } }) => {
    if (!name) return [];
    const other = first.get(name);
    if (other === undefined) {
      first.set(name, field);
      return [];
    }
    return [
      `${field}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
    ];
  });
}
