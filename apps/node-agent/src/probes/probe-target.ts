// What probes and hooks are aimed at: a container of a pod, at an address.
import type { Container, Pod } from '@berth/api';

export interface ProbeTarget {
  pod: Pod;
  container: Container;
  containerId: string;
  podIp: string;
}

/** A port's number, from its number or its name in the container. @throws Error naming the port */
export function resolvePort(port: number | string | undefined, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((p) => p.name === port);
  if (named) return named.containerPort;
  const number = Number(port);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`couldn't find port: ${port} in container ${container.name}`);
}
