// One terminal, open or ended: its screen, how it is, why it ended, and a button that opens it again. Loaded when the first one is opened.
import { useEffect, useRef, useState } from 'react';
import { PodTerminal } from '../../live/pod-terminal.ts';
import { useSession } from '../../live/session-context.ts';
import type { Ending } from '../../model/terminal/ending.ts';
import type { TerminalTarget } from '../../model/terminal/terminal-target.ts';
import { State } from '../small.tsx';
import { bytesOf, Screen } from './screen.ts';

interface Props {
  target: TerminalTarget;
  /** What is known of the container since, e.g. that it is gone. */
  note: string | undefined;
  close(): void;
}

type Phase = 'connecting' | 'open' | Ending;

export default function TerminalView({ target, note, close }: Props) {
  const [attempt, setAttempt] = useState(0);
  const { box, screen, phase, problem } = useTerminal(target, attempt);
  const [isRead, setRead] = useState(false);
  const leave = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const onLeave = () => leave.current?.focus();
    const element = box.current;
    element?.addEventListener('terminal-left', onLeave);
    return () => element?.removeEventListener('terminal-left', onLeave);
  }, [box]);
  const isOver = typeof phase === 'object';
  const word = phase === 'open' ? 'Connected' : phase === 'connecting' ? 'Connecting…' : 'Ended';
  const paste = async () => screen.current?.paste(await navigator.clipboard.readText());
  return (
    <section className="terminal" aria-label={`Terminal in ${target.container}`}>
      <div className="terminal-bar">
        <span role="status">
          <State tone={phase === 'open' ? 'good' : isOver && !phase.isGood ? 'bad' : 'quiet'}>{word}</State>
        </span>
        {isOver && (
          <button type="button" className="primary" onClick={() => setAttempt(attempt + 1)}>
            Reconnect
          </button>
        )}
        <button type="button" title="Ctrl C, while something is selected" onClick={() => void copy(screen.current)}>
          Copy selection
        </button>
        {!isOver && target.stdin && (
          <button type="button" title="Ctrl V" onClick={() => void paste()}>
            Paste
          </button>
        )}
        <label>
          <input
            type="checkbox"
            checked={isRead}
            onChange={({ target: { checked } }) => {
              setRead(checked);
              if (screen.current) screen.current.isForScreenReaders = checked;
            }}
          />{' '}
          for screen readers
        </label>
        <button type="button" ref={leave} onClick={close}>
          Close
        </button>
        <span className="quiet wide">Ctrl Shift Enter leaves it</span>
      </div>
      {isOver && (
        <p className={phase.isGood ? 'notice good' : 'notice bad'} role="alert">
          {phase.text} {note}
        </p>
      )}
      {problem && <p className="trouble">{problem}</p>}
      <div ref={box} className="terminal-screen" />
    </section>
  );
}

async function copy(screen: Screen | undefined): Promise<void> {
  if (screen?.selection) await navigator.clipboard.writeText(screen.selection);
  screen?.focus();
}

/** Another attempt begins with an empty screen. */
function useTerminal(target: TerminalTarget, attempt: number) {
  const { api } = useSession();
  const box = useRef<HTMLDivElement>(null);
  const screen = useRef<Screen>(undefined);
  const [phase, setPhase] = useState<Phase>('connecting');
  const [problem, setProblem] = useState<string>();
  const key = JSON.stringify([target, attempt]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const [wanted] = JSON.parse(key) as [TerminalTarget, number];
    setPhase('connecting');
    setProblem(undefined);
    // The screen finds its size before there is anybody to tell.
    let connection: PodTerminal | undefined;
    const made = new Screen(
      element,
      { label: `Terminal in ${wanted.container} of ${wanted.pod}`, convertsLines: !wanted.tty },
      {
        typed: (text) => {
          if (!wanted.stdin) return setProblem('What runs there does not read what is typed.');
          if (connection?.type(bytesOf(text)) === false) setProblem('That was more than can be sent at once; nothing of it was.');
        },
        resized: (columns, rows) => connection?.resize(columns, rows),
        left: () => element.dispatchEvent(new Event('terminal-left')),
      },
    );
    screen.current = made;
    connection = new PodTerminal(api, wanted, {
      opened: () => {
        setPhase('open');
        connection?.resize(made.size.columns, made.size.rows);
        made.focus();
      },
      output: (data, drawn) => made.write(data, drawn),
      ended: (ending) => {
        made.end();
        setPhase(ending);
      },
    });
    return () => {
      connection?.stop();
      made.stop();
      screen.current = undefined;
    };
  }, [api, key]);
  return { box, screen, phase, problem };
}
