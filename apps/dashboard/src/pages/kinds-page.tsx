// Every kind that the cluster serves and that can be listed, custom ones included.
import { useMemo } from 'react';
import { useServedKinds } from '../live/served-kinds.ts';
import type { ServedKind } from '../model/discovery.ts';
import { FilterBar } from '../parts/filter-bar.tsx';
import { kindLink, useRoute } from '../route.ts';

export function KindsPage() {
  const { kinds, error } = useServedKinds();
  const { query } = useRoute();
  const wanted = (query.get('name') ?? '').toLowerCase();
  const listed = useMemo(() => (kinds ?? []).filter(({ verbs }) => verbs.includes('list')), [kinds]);
  const shown = useMemo(() => listed.filter((kind) => isNamed(kind, wanted)), [listed, wanted]);
  const groups = useMemo(() => [...Map.groupBy(shown, ({ group }) => group).entries()], [shown]);
  return (
    <>
      <h1>All kinds</h1>
      <FilterBar choices={[]} count={shown.length} total={listed.length} />
      {error && <p className="notice bad">{error}</p>}
      {!kinds && !error && <p className="quiet">Loading…</p>}
      {groups.map(([group, members]) => (
        <section key={group} aria-label={group || 'core'}>
          <h2>{group || 'core'}</h2>
          <ul className="kinds">
            {members.map((kind) => (
              <li key={kind.resource}>
                <a href={kindLink(kind)}>{kind.kind}</a> <span className="quiet">{[kind.resource, ...kind.shortNames].join(', ')}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {kinds && shown.length === 0 && <p className="quiet">No kind is called so.</p>}
    </>
  );
}

function isNamed({ kind, resource, group, shortNames }: ServedKind, wanted: string): boolean {
  return [kind.toLowerCase(), resource, group, ...shortNames].some((name) => name.includes(wanted));
}
