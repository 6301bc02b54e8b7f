// The revisions of a workload, and what each would change of the present one.
import { useMemo, useState } from 'react';
import { objectDiff } from '../model/object-diff.ts';
import type { Revision } from '../model/revisions.ts';
import { DiffTable } from './diff-table.tsx';
import { Age, State } from './small.tsx';

export function RolloutHistory({ revisions }: { revisions: Revision[] }) {
  const [chosen, setChosen] = useState<number>();
  const current = revisions.find(({ isCurrent }) => isCurrent);
  const shown = revisions.find(({ number }) => number === chosen);
  const changes = useMemo(() => (shown && current ? objectDiff(current.template, shown.template) : []), [shown, current]);
  return (
    <>
      <table className="data wrap" aria-label="Revisions">
        <thead>
          <tr>
            <th className="w-count">Revision</th>
            <th className="w-short">Age</th>
            <th>Images</th>
            <th className="wide">Change cause</th>
            <th className="w-status">
              <span className="quiet">Difference</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {revisions.map(({ number, createdAt, template, cause, isCurrent }) => (
            <tr key={number}>
              <td>{number}</td>
              <td>
                <Age of={createdAt} />
              </td>
              <td>{(template.spec?.containers ?? []).map(({ image }) => image).join(', ')}</td>
              <td className="wide">{cause ?? '–'}</td>
              <td>
                {isCurrent ? (
                  <State tone="good">Current</State>
                ) : (
                  <button type="button" aria-expanded={number === chosen} onClick={() => setChosen(number === chosen ? undefined : number)}>
                    Compare
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown && (
        <section aria-label={`Revision ${shown.number} against the current one`}>
          <p className="quiet">Going back to revision {shown.number} would change:</p>
          <DiffTable changes={changes} />
        </section>
      )}
    </>
  );
}
