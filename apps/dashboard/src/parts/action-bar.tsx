// The buttons for what can be done to an object: those that one may press, and no others.
import { useMemo, useState } from 'react';
import { useAccess } from '../live/use-access.ts';
import type { Action } from '../model/actions/action.ts';
import { ActionDialog } from './action-dialog.tsx';

interface Props {
  actions: Action[];
  /** What the group of buttons is about. */
  label: string;
}

export function ActionBar({ actions, label }: Props) {
  const questions = useMemo(() => actions.flatMap(({ access }) => access), [actions]);
  const answers = useAccess(questions);
  // The action as it was when its button was pressed, so that a dialog does not change under one's hands.
  const [open, setOpen] = useState<Action>();
  let next = 0;
  const allowed = actions.filter(({ access }) => {
    const own = answers.slice(next, next + access.length);
    next += access.length;
    return own.every((isAllowed) => isAllowed === true);
  });
  if (allowed.length === 0 && !open) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is about the input of a form
    <div className="actions" role="group" aria-label={`Actions for ${label}`}>
      {allowed.map((action) => (
        <button key={action.id} type="button" className={action.isDangerous ? 'danger' : undefined} onClick={() => setOpen(action)}>
          {action.label}
        </button>
      ))}
      {open && <ActionDialog action={open} close={() => setOpen(undefined)} />}
    </div>
  );
}
