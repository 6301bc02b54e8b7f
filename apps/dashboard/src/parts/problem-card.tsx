// One cause of what is wrong: what it is, in the words of whoever says so, since when, what was changed before, what follows from it,
// and what mends it.
import type { Card, Problem } from '@berth/causes';
import { useMemo } from 'react';
import { mendableOf, type Objects } from '../model/next-steps.ts';
import { CopyLine } from './copy-line.tsx';
import { NextSteps } from './next-steps.tsx';
import { Age, ObjectLink, State } from './small.tsx';

const siblingsMax = 50;
const followsMax = 5;

interface Props {
  card: Card;
  /** Undefined where no buttons are shown. */
  objects: Objects | undefined;
}

export function ProblemCard({ card, objects }: Props) {
  const { first, all, follows, cause, why, before } = card;
  const since = cause.since ?? first.since;
  const mendable = useMemo(() => objects && mendableOf(first, objects), [first, objects]);
  const own = `${first.kind.toLowerCase()}/${first.name}`;
  return (
    <li
      className={first.severity}
      data-kind={first.kind}
      data-namespace={first.namespace}
      data-name={first.name}
      data-reason={cause.reason}
    >
      <div className="what">
        <State tone={first.severity === 'error' ? 'bad' : 'warn'}>{cause.reason}</State>
        <ObjectLink kind={first.kind} namespace={first.namespace} name={first.name}>
          {first.kind} {path(first)}
        </ObjectLink>
        {cause.object !== own && cause.object !== '' && <span className="quiet">by {cause.object}</span>}
        {since && (
          <span className="quiet">
            for <Age of={since} />
          </span>
        )}
      </div>
      <p className="cause">{cause.says}</p>
      {before && <p className="before">Before that: {before}.</p>}
      {follows.slice(0, followsMax).map((problem) => (
        <p key={`${problem.kind} ${path(problem)}`} className="follows">
          so that{' '}
          <ObjectLink kind={problem.kind} namespace={problem.namespace} name={problem.name}>
            {problem.kind} {path(problem)}
          </ObjectLink>
          : {problem.message}
        </p>
      ))}
      {follows.length > followsMax && <p className="follows">and {follows.length - followsMax} more</p>}
      {mendable && <NextSteps mendable={mendable} fix={why.steps.find((step) => step.fix)?.fix} label={`${first.kind} ${path(first)}`} />}
      {why.steps.length > 0 && (
        <details>
          <summary>What to do next</summary>
          {why.causes.slice(1).map(({ object, says }) => (
            <p key={object} className="quiet">
              {object}: {says}
            </p>
          ))}
          {why.steps.map(({ text, command }) => (
            <div key={`${text} ${command}`}>
              <p>{text}</p>
              {command && <CopyLine text={command} />}
            </div>
          ))}
        </details>
      )}
      {all.length > 1 && <Siblings problems={all.slice(1)} />}
    </li>
  );
}

function Siblings({ problems }: { problems: Problem[] }) {
  return (
    <details>
      <summary>and {problems.length} more like it</summary>
      <ul>
        {problems.slice(0, siblingsMax).map((problem) => (
          <li key={path(problem)}>
            <ObjectLink kind={problem.kind} namespace={problem.namespace} name={problem.name} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function path({ namespace, name }: { namespace?: string | undefined; name?: string | undefined }): string {
  return namespace ? `${namespace}/${name}` : (name ?? '');
}
