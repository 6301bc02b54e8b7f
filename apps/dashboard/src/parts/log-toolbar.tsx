// What one chooses of a log: which container, from when, how many lines, which of them, and how they look.
import { type ReactNode, useId } from 'react';
import type { LoggedContainer } from '../model/log-sources.ts';

export interface LogChoices {
  /** Empty for all. */
  container: string;
  /** Undefined while nobody has chosen: then it is shown when it tells why the present run began. */
  previous: boolean | undefined;
  text: string;
  showsOnlyMatches: boolean;
  level: string;
  sinceSeconds: number | undefined;
  linesMax: number;
  hasTimes: boolean;
  wraps: boolean;
  unfoldsJson: boolean;
}

interface Props {
  containers: LoggedContainer[];
  choices: LogChoices;
  change(changes: Partial<LogChoices>): void;
  /** Of the lines with the text, forwards or backwards. */
  showNext(step: 1 | -1): void;
  children: ReactNode;
}

const levels = ['error', 'warn', 'info', 'debug'];
const since: [seconds: number | undefined, title: string][] = [
  [undefined, 'all'],
  [5 * 60, '5 min'],
  [60 * 60, '1 hour'],
  [24 * 60 * 60, '1 day'],
];
const amounts = [1_000, 5_000, 20_000, 100_000];

export function LogToolbar({ containers, choices, change, showNext, children }: Props) {
  const names = [...new Set(containers.map(({ container }) => container))];
  return (
    <div className="filters">
      <select aria-label="Container" value={choices.container} onChange={(event) => change({ container: event.target.value })}>
        {(names.length > 1 || choices.container === '') && <option value="">all containers</option>}
        {names.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
      <input
        type="search"
        aria-label="Search in the log"
        placeholder="text in the log"
        title="Enter goes to the next line with it, with Shift to the one before"
        value={choices.text}
        onChange={(event) => change({ text: event.target.value })}
        onKeyDown={(event) => event.key === 'Enter' && showNext(event.shiftKey ? -1 : 1)}
      />
      <select aria-label="Level" value={choices.level} onChange={(event) => change({ level: event.target.value })}>
        <option value="">Level: all</option>
        {levels.map((level) => (
          <option key={level} value={level}>
            {level === 'error' ? 'error' : `${level} and worse`}
          </option>
        ))}
      </select>
      <select
        aria-label="Since"
        value={choices.sinceSeconds ?? ''}
        onChange={(event) => change({ sinceSeconds: event.target.value ? Number(event.target.value) : undefined })}
      >
        {since.map(([seconds, title]) => (
          <option key={title} value={seconds ?? ''}>
            Since: {title}
          </option>
        ))}
      </select>
      <select aria-label="Lines" value={choices.linesMax} onChange={(event) => change({ linesMax: Number(event.target.value) })}>
        {amounts.map((amount) => (
          <option key={amount} value={amount}>
            {amount.toLocaleString('en')} lines
          </option>
        ))}
      </select>
      <Check label="only matches" isOn={choices.showsOnlyMatches} set={(showsOnlyMatches) => change({ showsOnlyMatches })} />
      <Check label="times" isOn={choices.hasTimes} set={(hasTimes) => change({ hasTimes })} />
      <Check label="wrap" isOn={choices.wraps} set={(wraps) => change({ wraps })} />
      <Check label="unfold JSON" isOn={choices.unfoldsJson} set={(unfoldsJson) => change({ unfoldsJson })} />
      <Check label="previous" isOn={choices.previous === true} set={(previous) => change({ previous })} />
      {children}
    </div>
  );
}

function Check({ label, isOn, set }: { label: string; isOn: boolean; set(isOn: boolean): void }) {
  const id = useId();
  return (
    <span>
      <input id={id} type="checkbox" checked={isOn} onChange={(event) => set(event.target.checked)} /> <label htmlFor={id}>{label}</label>
    </span>
  );
}
