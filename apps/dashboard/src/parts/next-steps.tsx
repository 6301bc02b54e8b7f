// What mends a problem, as buttons beside it.
import { useMemo } from 'react';
import { useAround } from '../live/around.ts';
import { actionsOf } from '../model/actions/actions.ts';
import { type Mendable, nextActions } from '../model/next-steps.ts';
import { ActionBar } from './action-bar.tsx';

export function NextSteps({ mendable, label }: { mendable: Mendable; label: string }) {
  const { workload, object } = mendable;
  const around = useAround(workload?.type, workload?.object);
  const actions = useMemo(() => {
    const ofWorkload = workload ? actionsOf(workload.type, workload.object, around) : [];
    const ofObject = object ? actionsOf(object.type, object.object) : [];
    return nextActions(ofWorkload, ofObject, workload?.type === object?.type);
  }, [workload, object, around]);
  return <ActionBar actions={actions} label={label} />;
}
