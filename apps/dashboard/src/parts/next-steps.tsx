// What mends a problem, as buttons beside it: first what its cause asks for, then what can be done to its workload and to the object itself.
import type { Fix } from '@berth/causes';
import { useMemo } from 'react';
import { useAround } from '../live/around.ts';
import { oneObject, useListing } from '../live/listings.ts';
import { actionsOf } from '../model/actions/actions.ts';
import { fixAction, fixedObject } from '../model/actions/fixes.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { type Mendable, nextActions } from '../model/next-steps.ts';
import { ActionBar } from './action-bar.tsx';

interface Props {
  mendable: Mendable;
  /** What the cause of what is wrong asks for. */
  fix?: Fix | undefined;
  label: string;
}

export function NextSteps({ mendable, fix, label }: Props) {
  const { workload, object } = mendable;
  const around = useAround(workload?.type, workload?.object);
  const fixed = useFixed(fix);
  const actions = useMemo(() => {
    const ofCause = fix ? (fixAction(fix, fixed) ?? []) : [];
    const ofWorkload = workload ? actionsOf(workload.type, workload.object, around) : [];
    const ofObject = object ? actionsOf(object.type, object.object) : [];
    const isWorkloadItself = workload?.type === object?.type;
    return [ofCause, nextActions(ofWorkload, ofObject, isWorkloadItself)].flat();
  }, [fix, fixed, workload, object, around]);
  return <ActionBar actions={actions} label={label} />;
}

/** What the cause is to be mended in, as it is now. */
function useFixed(fix: Fix | undefined): KubernetesObject | undefined {
  const wanted = fix && fixedObject(fix);
  const { items } = useListing(wanted && oneObject<KubernetesObject>(wanted.type, wanted.namespace, wanted.name));
  return items[0];
}
