// What changed and who changed it, and the cluster as it was at any moment of the last day.
import { useState } from 'react';
import { useServedKinds } from '../../live/served-kinds.ts';
import { replaceQuery, useRoute } from '../../route.ts';
import { ChangeTable } from './change-table.tsx';
import { useChanges } from './past-api.ts';
import { PastList } from './past-list.tsx';
import './timeline.css';

const spans = [
  ['15m', 'last 15 minutes'],
  ['1h', 'last hour'],
  ['6h', 'last 6 hours'],
  ['24h', 'last day'],
] as const;

export function TimelinePage() {
  const { query } = useRoute();
  const { kinds = [], error } = useServedKinds();
  const [since, name, kind, resource] = ['since', 'name', 'kind', 'resource'].map((key) => query.get(key) ?? '');
  const changes = useChanges({ since: since || '1h', name: name ?? '', kind: kind ?? '' });
  const change = (changed: Record<string, string>) => {
    const next = new URLSearchParams(query);
    for (const [key, value] of Object.entries(changed)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    replaceQuery(next);
  };
  const items = changes.data?.items ?? [];
  const [isPastShown, showPast] = useState(Boolean(resource));
  return (
    <>
      <h1>Time line</h1>
      <details className="past-cluster" open={isPastShown} onToggle={(event) => showPast(event.currentTarget.open)}>
        <summary>The cluster as it was</summary>
        {isPastShown && (
          <PastList kinds={kinds} resource={resource || 'apps/deployments'} change={(chosen) => change({ resource: chosen })} />
        )}
      </details>
      <search className="filters">
        <input
          type="search"
          aria-label="Name"
          placeholder="name of an object  ( / )"
          value={name}
          onChange={(event) => change({ name: event.target.value.trim() })}
        />
        <select aria-label="Kind of what changed" value={kind} onChange={(event) => change({ kind: event.target.value })}>
          <option value="">Kind: all</option>
          {[...new Set([...items.map(({ object }) => object.kind), kind ?? ''])]
            .filter(Boolean)
            .sort()
            .map((option) => (
              <option key={option}>{option}</option>
            ))}
        </select>
        <select aria-label="Since" value={since || '1h'} onChange={(event) => change({ since: event.target.value })}>
          {spans.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        <output>{changes.data ? `${items.length}${changes.data.isMore ? ' newest' : ''}` : '…'}</output>
      </search>
      {(changes.error ?? error) && <p className="notice bad">{changes.error?.message ?? error}</p>}
      {changes.data && <ChangeTable changes={items} kinds={kinds} empty="Nothing changed." />}
    </>
  );
}
