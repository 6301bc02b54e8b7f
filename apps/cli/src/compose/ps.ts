// `berth compose ps`: the pods of a project, and where they can be reached from elsewhere.
import { Pod, podReadyText, podRestartsText, podStatusText, Service } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { dnsName, serviceLabel } from '@berth/compose';
import { selectorOf } from './project-kinds.ts';

export interface ListedPod {
  name: string;
  service: string;
  image: string;
  status: string;
  ready: string;
  restarts: string;
  node: string;
  /** As Docker writes them: `10.0.0.5:8080->80/tcp`. */
  ports: string[];
}

export async function projectPods(client: HttpClient, project: string, services: readonly string[], now: number): Promise<ListedPod[]> {
  const query = { namespace: project, labelSelector: selectorOf(project) };
  const [pods, published] = await Promise.all([client.list(Pod, query), client.list(Service, query)]);
  const wanted = new Set(services.map((name) => dnsName(name, 'ps')));
  return pods.items
    .filter(({ metadata }) => wanted.size === 0 || wanted.has(metadata.labels?.[serviceLabel] ?? ''))
    .map((pod) => {
      const service = pod.metadata.labels?.[serviceLabel] ?? '';
      return {
        name: pod.metadata.name,
        service,
        image: pod.spec.containers[0]?.image ?? '',
        status: podStatusText(pod),
        ready: podReadyText(pod),
        restarts: podRestartsText(pod, now),
        node: pod.spec.nodeName ?? '',
        ports: [
          ...published.items.filter(({ metadata }) => metadata.labels?.[serviceLabel] === service).flatMap(outerPorts),
          ...hostPorts(pod),
        ],
      };
    })
    .sort((a, b) => (a.service < b.service ? -1 : a.service > b.service ? 1 : a.name < b.name ? -1 : 1));
}

function outerPorts({ spec, status }: Service): string[] {
  const ports = spec?.ports ?? [];
  const written = (address: string, port: number | undefined, target: unknown, protocol = 'TCP') =>
    `${address}:${port}->${target}/${protocol.toLowerCase()}`;
  if (spec?.type === 'NodePort') return ports.map(({ nodePort, targetPort, protocol }) => written('*', nodePort, targetPort, protocol));
  if (spec?.type !== 'LoadBalancer') return [];
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
  return addresses.flatMap((address) => ports.map(({ port, targetPort, protocol }) => written(address, port, targetPort, protocol)));
}

function hostPorts({ spec }: Pod): string[] {
  const ports = spec.containers.flatMap(({ ports: own = [] }) => own);
  return ports.flatMap(({ hostIP, hostPort, containerPort, protocol = 'TCP' }) =>
    hostPort === undefined ? [] : [`${hostIP || '*'}:${hostPort}->${containerPort}/${protocol.toLowerCase()}`],
  );
}

export function podTable(pods: readonly ListedPod[]): string {
  const head = ['NAME', 'SERVICE', 'IMAGE', 'STATUS', 'READY', 'RESTARTS', 'PORTS'];
  const rows = [head, ...pods.map((pod) => [pod.name, pod.service, pod.image, pod.status, pod.ready, pod.restarts, pod.ports.join(', ')])];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
