// One action before it is done: what it would change, as the server says in a dry run of the same request, and the command that does the
// same. Nothing is sent before it is confirmed; what came of it is said where it was asked for.
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useWriting } from '../live/writing.ts';
import type { Action, ActionField } from '../model/actions/action.ts';
import { CopyLine } from './copy-line.tsx';
import { DiffTable } from './diff-table.tsx';

export function ActionDialog({ action, close }: { action: Action; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [value, setValue] = useState(action.field?.initial ?? '');
  const wrong = action.field?.wrong(value);
  const { trial, outcome, plan, confirm } = useWriting(action, value, wrong === undefined);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (trial.state === 'ready' && outcome.state === 'asked') void confirm();
  };
  const isOver = outcome.state === 'done';
  return (
    <dialog ref={dialog} className="action" aria-labelledby="action-title" onClose={close}>
      <form onSubmit={submit}>
        <h2 id="action-title">{action.title}</h2>
        <p>{action.effect}</p>
        {action.field && !isOver && <Field field={action.field} value={value} change={setValue} wrong={wrong} />}
        {!isOver && <Trial trial={trial} isDeletion={action.before === undefined} />}
        {plan && <CopyLine text={plan.kubectl} />}
        <div role="status" className="outcome">
          {outcome.state === 'sending' && <p className="quiet">Sending…</p>}
          {outcome.state === 'refused' && <p className="notice bad">Nothing was changed: {outcome.message}</p>}
          {isOver && <p className="notice good">Done: the API has accepted it.</p>}
        </div>
        <div className="buttons">
          {!isOver && (
            <button type="submit" className={action.isDangerous ? 'danger' : 'primary'} disabled={trial.state !== 'ready'}>
              {action.label}
            </button>
          )}
          <button type="button" onClick={() => dialog.current?.close()}>
            {isOver ? 'Close' : 'Cancel'}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface FieldProps {
  field: ActionField;
  value: string;
  change(value: string): void;
  wrong: string | undefined;
}

function Field({ field, value, change, wrong }: FieldProps) {
  const common = { id: 'action-value', value, 'aria-describedby': 'action-wrong', 'aria-invalid': wrong !== undefined };
  return (
    <p className="field">
      <label htmlFor="action-value">{field.label}</label>
      {field.options ? (
        <select {...common} onChange={(event) => change(event.target.value)}>
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : (
        <input {...common} autoComplete="off" onChange={(event) => change(event.target.value)} />
      )}
      <span id="action-wrong" className="error">
        {wrong}
      </span>
    </p>
  );
}

export function Trial({ trial, isDeletion }: { trial: ReturnType<typeof useWriting>['trial']; isDeletion: boolean }) {
  if (trial.state === 'none') return null;
  if (trial.state === 'asking') return <p className="quiet">Asking the server what it would change…</p>;
  if (trial.state === 'refused') return <p className="notice bad">The server would refuse this: {trial.message}</p>;
  return (
    <section aria-label="What it would change">
      {trial.warnings.map((warning) => (
        <p key={warning} className="trouble">
          {warning}
        </p>
      ))}
      {isDeletion ? <p className="quiet">The server would accept this (dry run).</p> : <DiffTable changes={trial.changes} />}
    </section>
  );
}
