// The buttons for what can be done to an object: those that one may press, and no others.
import { useMemo } from 'react';
import { useAccess } from '../live/use-access.ts';
import type { Action } from '../model/actions/action.ts';
import { useOpenAction } from './action-host.tsx';

interface Props {
  actions: Action[];
  /** What the group of buttons is about. */
  label: string;
}

export function ActionBar({ actions, label }: Props) {
  const questions = useMemo(() => actions.flatMap(({ access }) => access), [actions]);
  const answers = useAccess(questions);
  const open = useOpenAction();
  let next = 0;
  const allowed = actions.filter(({ access }) => {
    const own = answers.slice(next, next + access.length);
    next += access.length;
    return own.every((isAllowed) => isAllowed === true);
  });
  if (allowed.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is about the input of a form
    <div className="actions" role="group" aria-label={`Actions for ${label}`}>
      {allowed.map((action) => (
        <button key={action.id} type="button" className={action.isDangerous ? 'danger' : undefined} onClick={() => open(action)}>
          {action.label}
        </button>
      ))}
    </div>
  );
}
