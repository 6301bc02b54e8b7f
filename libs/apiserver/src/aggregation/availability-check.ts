// Whether a version that another server answers for can be asked for, and in Kubernetes' words why not. Looks at its service first, as
// nobody need be asked who cannot be there.
import type { EndpointSlice, Service } from '@berth/api';
import type { AggregatedVersion } from './api-service-table.ts';
import type { FarServers } from './far-servers.ts';

export interface Finding {
  status: 'True' | 'False';
  reason: string;
  message: string;
}

export interface ServiceFacts {
  service: Service | undefined;
  slices: EndpointSlice[];
}

const checkTimeoutMs = 5_000;
/** Endpoints differ: that one does not answer says little about the others. */
const furtherAttempts = 4;

/** Undefined when nothing speaks against asking. */
export function serviceProblem({ service: { namespace, name, port } }: AggregatedVersion, facts: ServiceFacts): Finding | undefined {
  const problem = (reason: string, message: string): Finding => ({ status: 'False', reason, message });
  const { service, slices } = facts;
  if (!service) return problem('ServiceNotFound', `service/${name} in "${namespace}" is not present`);
  // What has no address of its own may listen anywhere.
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const listening = service.spec?.ports?.find((item) => item.port === port);
  if (!listening) return problem('ServicePortError', `service/${name} in "${namespace}" is not listening on port ${port}`);
  if (slices.length === 0) return problem('EndpointsNotFound', `cannot find endpointslices for service/${name} in "${namespace}"`);
  const portName = listening.name ?? '';
  if (slices.some((slice) => isServing(slice, portName))) return undefined;
  return problem(
    'MissingEndpoints',
    `endpointslices for service/${name} in "${namespace}" have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

function isServing({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const isReady = (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false);
  return isReady && (ports ?? []).some(({ name, port }) => (name ?? '') === portName && typeof port === 'number');
}

export interface DiscoveryCheck {
  servers: FarServers;
  target: AggregatedVersion;
  service: Service | undefined;
  signal: AbortSignal;
}

/** Asks for a document that every server must have. */
export async function discoveryCheck(check: DiscoveryCheck): Promise<Finding> {
  const { target, service } = check;
  const path = versionPath(target);
  const url = `https://${service?.spec?.clusterIP || target.service.name}:${target.service.port}${path}`;
  const attempt = () => answers(check, path, url);
  try {
    await attempt().catch(async () => {
      const attempts = Array.from({ length: furtherAttempts }, attempt);
      await Promise.any(attempts).catch((error: AggregateError) => Promise.reject(error.errors.at(-1)));
    });
  } catch (error) {
    const message = `failing or missing response from ${url}: ${(error as Error).message}`;
    return { status: 'False', reason: 'FailedDiscoveryCheck', message };
  }
  return { status: 'True', reason: 'Passed', message: 'all checks passed' };
}

async function answers({ servers, target, signal }: DiscoveryCheck, path: string, url: string): Promise<void> {
  const { status } = await servers.ask(target, path, { timeoutMs: checkTimeoutMs, trustsAny: true, signal });
  if (status < 200 || status >= 300) throw new Error(`bad status from ${url}: ${status}`);
}

export function versionPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}
