// Drains a node: cordons it, then asks for the eviction of its pods, each once its budget allows it, until they are gone or one stops it.
import type { Node, Pod, policyV1 } from '@berth/api';
import { useEffect, useRef, useState } from 'react';
import { mergePatch } from '../model/actions/action.ts';
import { drainPlan } from '../model/drain.ts';
import { objectPath, types } from '../model/resource-types.ts';
import { ApiError } from './api-client.ts';
import { useSession } from './session-context.ts';

export interface Drain {
  state: 'asked' | 'draining' | 'done' | 'failed';
  error?: string;
  start(): void;
  stop(): void;
}

const everyMs = 2_000;

export function useDrain(node: Node, pods: Pod[], budgets: policyV1.PodDisruptionBudget[]): Drain {
  const { api } = useSession();
  const [state, setState] = useState<Drain['state']>('asked');
  const [error, setError] = useState<string>();
  const latest = useRef({ pods, budgets });
  latest.current = { pods, budgets };
  const name = node.metadata.name;
  useEffect(() => {
    if (state !== 'draining') return;
    const asked = new Set<string>();
    let isBusy = false;
    /** Those that are to go and have not been asked to. */
    const step = async () => {
      const plan = drainPlan(latest.current.pods, latest.current.budgets);
      if (plan.every(({ fate }) => fate === 'stays')) return setState('done');
      for (const { pod, fate } of plan) {
        const { namespace, name: podName, uid = '', deletionTimestamp } = pod.metadata;
        if (fate !== 'evicted' || deletionTimestamp || asked.has(uid)) continue;
        const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name: podName } };
        const isAsked = await api.write({ method: 'POST', path: objectPath(types.Pod, namespace, podName, 'eviction'), body }).then(
          () => true,
          // It is gone, or its budget has been used up meanwhile: the next turn sees which.
          (failure: unknown) => {
            if (failure instanceof ApiError && (failure.code === 404 || failure.code === 429)) return false;
            throw failure;
          },
        );
        if (isAsked) asked.add(uid);
      }
    };
    const turn = () => {
      if (isBusy) return;
      isBusy = true;
      step()
        .catch((failure: unknown) => {
          setError(failure instanceof Error ? failure.message : String(failure));
          setState('failed');
        })
        .finally(() => {
          isBusy = false;
        });
    };
    turn();
    const timer = setInterval(turn, everyMs);
    return () => clearInterval(timer);
  }, [api, state]);
  const start = async () => {
    setError(undefined);
    try {
      const path = objectPath(types.Node, undefined, name);
      await api.write({ method: 'PATCH', path, contentType: mergePatch, body: { spec: { unschedulable: true } } });
      setState('draining');
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      setState('failed');
    }
  };
  return { state, ...(error && { error }), start: () => void start(), stop: () => setState('asked') };
}
