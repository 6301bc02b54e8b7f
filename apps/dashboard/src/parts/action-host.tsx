// Where the dialog of an action is shown: above the page rather than beside its button, as what is mended goes, and its button with it.
import { createContext, type ReactNode, use, useState } from 'react';
import type { Action } from '../model/actions/action.ts';
import { ActionDialog } from './action-dialog.tsx';

const OpenAction = createContext<((action: Action) => void) | undefined>(undefined);

export function ActionHost({ children }: { children: ReactNode }) {
  // The action as it was when its button was pressed, so that a dialog does not change under one's hands.
  const [open, setOpen] = useState<Action>();
  return (
    <OpenAction value={setOpen}>
      {children}
      {open && <ActionDialog action={open} close={() => setOpen(undefined)} />}
    </OpenAction>
  );
}

export function useOpenAction(): (action: Action) => void {
  const open = use(OpenAction);
  if (!open) throw new Error('useOpenAction must be used below ActionHost');
  return open;
}
