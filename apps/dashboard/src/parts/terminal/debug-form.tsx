// A container for debugging: which image, whose processes it sees, and what it may do. The server is asked for a dry run first; once it
// runs, the terminal opens.
import type { Pod } from '@berth/api';
import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { useWriting } from '../../live/writing.ts';
import { type DebugChoice, debugContainer, debuggerName, debugProfiles, wrongChoice } from '../../model/actions/debug-container.ts';
import type { PodContainer } from '../../model/terminal/pod-containers.ts';
import type { TerminalTarget } from '../../model/terminal/terminal-target.ts';
import { Trial } from '../action-dialog.tsx';
import { CopyLine } from '../copy-line.tsx';

interface Props {
  pod: Pod;
  containers: PodContainer[];
  open(target: Omit<TerminalTarget, 'namespace' | 'pod'>): void;
}

export function DebugForm({ pod, containers, open }: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="debug" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Debug container: for a container without a shell, or with tools of its own</summary>
      {isOpen && <Choice pod={pod} containers={containers} open={open} />}
    </details>
  );
}

function Choice({ pod, containers, open }: Props) {
  const own = containers.filter(({ sort }) => sort === 'main');
  const [choice, setChoice] = useState<DebugChoice>(() => ({
    name: debuggerName(Math.random),
    image: '',
    target: own[0]?.name ?? '',
    command: '',
    profile: 'general',
  }));
  // As the pod was when the form was opened: its status changes all the time, and the dry run is compared with it.
  const [action] = useState(() => debugContainer(pod));
  const wrong = wrongChoice(choice);
  const value = useMemo(() => JSON.stringify(choice), [choice]);
  const { plan, trial, outcome, confirm } = useWriting(action, value, wrong === undefined);
  const change = (changes: Partial<DebugChoice>) => setChoice({ ...choice, ...changes });
  const isAdded = outcome.state === 'done';
  const isRunning = containers.some(({ name, isRunning }) => name === choice.name && isRunning);
  useEffect(() => {
    if (isAdded && isRunning) open({ container: choice.name, mode: 'attach', command: [], tty: true, stdin: true });
  }, [isAdded, isRunning]);
  if (isAdded) return <p role="status">{waitingText(pod, choice.name)}</p>;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (trial.state === 'ready' && outcome.state === 'asked') void confirm();
  };
  return (
    <form onSubmit={submit} aria-label="Debug container">
      <p className="quiet">{action.effect}</p>
      <Fields choice={choice} change={change} targets={own} />
      {wrong && choice.image !== '' && <p className="error">{wrong}</p>}
      <Trial trial={trial} isDeletion={false} />
      {plan && <CopyLine text={plan.kubectl} />}
      {outcome.state === 'refused' && <p className="notice bad">Nothing was changed: {outcome.message}</p>}
      <button type="submit" className="primary" disabled={trial.state !== 'ready' || outcome.state === 'sending'}>
        Add it and open a terminal
      </button>
    </form>
  );
}

interface FieldsProps {
  choice: DebugChoice;
  change(changes: Partial<DebugChoice>): void;
  targets: PodContainer[];
}

function Fields({ choice, change, targets }: FieldsProps) {
  return (
    <div className="fields">
      <label>
        Image{' '}
        <input
          value={choice.image}
          placeholder="registry/name:tag"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => change({ image: event.target.value })}
        />
      </label>
      <label>
        Sees the processes of{' '}
        <select value={choice.target} onChange={(event) => change({ target: event.target.value })}>
          {targets.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
          <option value="">no other container</option>
        </select>
      </label>
      <label>
        Profile{' '}
        <select value={choice.profile} onChange={(event) => change({ profile: event.target.value })}>
          {Object.keys(debugProfiles).map((profile) => (
            <option key={profile}>{profile}</option>
          ))}
        </select>
      </label>
      <label>
        Command{' '}
        <input
          value={choice.command}
          placeholder="what the image runs"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => change({ command: event.target.value })}
        />
      </label>
    </div>
  );
}

function waitingText({ status }: Pod, name: string): string {
  const { waiting, terminated } = status?.ephemeralContainerStatuses?.find((one) => one.name === name)?.state ?? {};
  if (terminated) return `${name} has ended already, with exit code ${terminated.exitCode}. ${terminated.message ?? ''}`;
  return `Waiting until ${name} runs… ${[waiting?.reason, waiting?.message].filter(Boolean).join(': ')}`;
}
