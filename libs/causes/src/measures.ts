// What only measurements tell: how full volumes are, and when the cluster's own certificates end. Asked of the control plane's history of
// metrics, as Prometheus is asked, in two short questions that answer with what is amiss alone.
import type { CertificateEnd, Known } from './why.ts';

export type Measures = Pick<Known, 'volumesFree' | 'certificateEnds'>;

export const measuresPath = '/metrics/history/api/v1/query';

/** A little more than is judged: where the line is drawn is not said here. */
export const measureQueries = {
  volumes: 'min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < 0.25',
  certificates: 'min by (node, certificate) (kubelet_certificate_manager_client_ttl_seconds or berth_certificate_ttl_seconds) < 30 * 86400',
} as const;

export interface InstantAnswer {
  data?: { result?: { metric: Record<string, string>; value: [number, string] }[] };
}

export const noMeasures: Measures = { volumesFree: new Map(), certificateEnds: [] };

/** @param now unix milliseconds */
export function readMeasures(volumes: InstantAnswer, certificates: InstantAnswer, now: number): Measures {
  const free = (volumes.data?.result ?? []).map(({ metric, value }): [string, number] => [
    `${metric.namespace}/${metric.persistentvolumeclaim}`,
    Number(value[1]),
  ]);
  const ends = (certificates.data?.result ?? []).map(({ metric, value }): CertificateEnd => {
    const endsAtMs = now + Number(value[1]) * 1000;
    return metric.node ? { kind: 'Node', name: metric.node, endsAtMs } : { kind: 'ControlPlane', name: metric.certificate ?? '', endsAtMs };
  });
  return { volumesFree: new Map(free), certificateEnds: ends };
}
