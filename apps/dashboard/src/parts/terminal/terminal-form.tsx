// Where a terminal is to be opened, and what it runs.
import type { Pod } from '@berth/api';
import { type FormEvent, useState } from 'react';
import { defaultContainer, type PodContainer } from '../../model/terminal/pod-containers.ts';
import { shells, type TerminalTarget, wordsOf } from '../../model/terminal/terminal-target.ts';

interface Props {
  pod: Pod;
  containers: PodContainer[];
  rights: { exec: boolean; attach: boolean };
  open(target: Omit<TerminalTarget, 'namespace' | 'pod'>): void;
}

const attaching = 'attach';
const typedCommand = 'typed';

export function TerminalForm({ pod, containers, rights, open }: Props) {
  const [chosen, setChosen] = useState<string>();
  const [what, setWhat] = useState(rights.exec ? (shells[0]?.id ?? '') : attaching);
  const [command, setCommand] = useState('');
  const running = containers.filter(({ isRunning }) => isRunning);
  const preferred = chosen ?? defaultContainer(pod);
  const container = running.find(({ name }) => name === preferred) ?? running[0];
  const words = wordsOf(command);
  const isWrong = what === typedCommand && !words?.length;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!container || isWrong) return;
    const { name, tty, stdin } = container;
    if (what === attaching) return open({ container: name, mode: 'attach', command: [], tty, stdin });
    const run = what === typedCommand ? (words ?? []) : (shells.find(({ id }) => id === what)?.command ?? []);
    open({ container: name, mode: 'exec', command: run, tty: true, stdin: true });
  };
  if (!container) return <p className="quiet">No container of this pod runs at present, so there is nothing to open a terminal in.</p>;
  return (
    <form className="fields" onSubmit={submit} aria-label="Terminal">
      <label>
        Container{' '}
        <select value={container.name} onChange={(event) => setChosen(event.target.value)}>
          {containers.map(({ name, sort, isRunning }) => (
            <option key={name} value={name} disabled={!isRunning}>
              {name}
              {sort === 'main' ? '' : ` (${sort})`}
              {isRunning ? '' : ': does not run'}
            </option>
          ))}
        </select>
      </label>
      <label>
        Run{' '}
        <select value={what} onChange={(event) => setWhat(event.target.value)}>
          {rights.exec && shells.map(({ id, label }) => <option key={id} value={id} label={label} />)}
          {rights.exec && <option value={typedCommand}>another command…</option>}
          {rights.attach && <option value={attaching}>nothing: attach to what runs there</option>}
        </select>
      </label>
      {what === typedCommand && (
        <label>
          Command <input value={command} spellCheck={false} autoComplete="off" onChange={(event) => setCommand(event.target.value)} />
        </label>
      )}
      <button type="submit" className="primary" disabled={isWrong}>
        Open terminal
      </button>
      {what === typedCommand && words === undefined && <span className="error">A quote is left open.</span>}
      {what === attaching && (
        <span className="quiet">
          {container.stdin
            ? 'What you type goes to what runs there, Ctrl C included.'
            : 'It shows what is written from now on; it was not started to read what is typed.'}
        </span>
      )}
    </form>
  );
}
