// What changes, field by field: what was and what will be.
import type { FieldChange } from '../model/object-diff.ts';

const shownMax = 300;

export function DiffTable({ changes }: { changes: FieldChange[] }) {
  if (changes.length === 0) return <p className="quiet">Nothing would change.</p>;
  return (
    <>
      <ul className="diff" aria-label="Changes">
        {changes.slice(0, shownMax).map(({ path, before, after }) => (
          <li key={path}>
            <code>{path}</code>
            {before !== undefined && <del>{before}</del>}
            {after !== undefined && <ins>{after}</ins>}
          </li>
        ))}
      </ul>
      {changes.length > shownMax && <p className="quiet">{changes.length - shownMax} more fields change.</p>}
    </>
  );
}
