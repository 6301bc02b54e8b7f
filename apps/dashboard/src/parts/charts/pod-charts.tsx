// The charts of a pod: of all its containers, or of one.
import type { Pod } from '@berth/api';
import { useCallback, useState } from 'react';
import { podCharts } from '../../model/metrics/pod-charts.ts';
import { podContainers } from '../../model/terminal/pod-containers.ts';
import { Charts } from './charts.tsx';

export function PodCharts({ pod }: { pod: Pod }) {
  const { namespace = '', name = '' } = pod.metadata;
  const [container, setContainer] = useState('');
  const charts = useCallback((window: string) => podCharts(namespace, name, container || undefined, window), [namespace, name, container]);
  const containers = podContainers(pod);
  return (
    <Charts charts={charts}>
      {containers.length > 1 && (
        <label>
          Container{' '}
          <select value={container} onChange={(event) => setContainer(event.target.value)}>
            <option value="">all of them</option>
            {containers.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
        </label>
      )}
    </Charts>
  );
}
