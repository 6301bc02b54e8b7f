// Asks the server for a dry run whenever what would be sent changes, and sends it once it is confirmed.
import { useEffect, useMemo, useState } from 'react';
import type { Action, ActionPlan } from '../model/actions/action.ts';
import { dryRunOf } from '../model/actions/dry-run.ts';
import { type FieldChange, objectDiff } from '../model/object-diff.ts';
import { useSession } from './session-context.ts';

export type Trial =
  | { state: 'none' }
  | { state: 'asking' }
  | { state: 'ready'; changes: FieldChange[]; warnings: string[] }
  | { state: 'refused'; message: string };

export type Outcome = { state: 'asked' } | { state: 'sending' } | { state: 'done' } | { state: 'refused'; message: string };

export interface Writing {
  /** Undefined while what was typed is wrong. */
  plan: ActionPlan | undefined;
  trial: Trial;
  outcome: Outcome;
  confirm(): Promise<void>;
}

/** While one types, not every letter is asked for. */
const typingMs = 200;

export function useWriting(action: Action, value: string, isRight: boolean): Writing {
  const { api } = useSession();
  const [trial, setTrial] = useState<Trial>({ state: 'none' });
  const [outcome, setOutcome] = useState<Outcome>({ state: 'asked' });
  const plan = useMemo(() => (isRight ? action.plan(value, new Date()) : undefined), [action, value, isRight]);
  useEffect(() => {
    setOutcome({ state: 'asked' });
    if (!plan) return setTrial({ state: 'none' });
    setTrial({ state: 'asking' });
    let isCurrent = true;
    const ask = async () => {
      try {
        const { request, query } = dryRunOf(plan.request);
        const { object, warnings } = await api.write(request, query);
        const changes = action.before === undefined ? [] : objectDiff(action.before, picked(object, action.before));
        if (isCurrent) setTrial({ state: 'ready', changes, warnings });
      } catch (error) {
        if (isCurrent) setTrial({ state: 'refused', message: messageOf(error) });
      }
    };
    const timer = setTimeout(() => void ask(), value === action.field?.initial ? 0 : typingMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [api, action, plan, value]);
  const confirm = async () => {
    if (!plan) return;
    setOutcome({ state: 'sending' });
    try {
      await api.write(plan.request);
      setOutcome({ state: 'done' });
    } catch (error) {
      setOutcome({ state: 'refused', message: messageOf(error) });
    }
  };
  return { plan, trial, outcome, confirm };
}

/** Of the answer, the top-level fields that it is compared in: a Scale has more than what was shown of it. */
function picked(answer: unknown, before: unknown): unknown {
  const keys = Object.keys(before as object);
  if (keys.length === 0 || keys.includes('metadata')) return answer;
  return Object.fromEntries(keys.map((key) => [key, (answer as Record<string, unknown>)[key]]));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
