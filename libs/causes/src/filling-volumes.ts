// Claims whose volumes are nearly full.
import type { PersistentVolumeClaim } from '@berth/api';
import type { Problem } from './problem.ts';

/** As Kubernetes' own alerts have it: below the one somebody should look, below the other it is nearly too late. */
const littleFree = 0.1;
const nothingFree = 0.03;

export function fillingProblem(
  { metadata, status }: PersistentVolumeClaim,
  volumesFree: ReadonlyMap<string, number> | undefined,
): Problem | undefined {
  const { namespace, name } = metadata;
  const free = volumesFree?.get(`${namespace}/${name}`);
  if (free === undefined || free >= littleFree) return undefined;
  const percent = (free * 100).toFixed(free < nothingFree ? 1 : 0);
  const message = `its volume is nearly full: ${percent} % of ${status?.capacity?.storage ?? 'it'} are free`;
  const severity = free < nothingFree ? ('error' as const) : ('warning' as const);
  const group = `PersistentVolumeClaim/${namespace}/${name}/filling`;
  return { kind: 'PersistentVolumeClaim', namespace, name, severity, reason: 'FillingUp', message, group };
}
