// A page's filters, kept in the address, so that a filtered page can be shared and gone back to. `/` jumps to the search.
import { replaceQuery, useRoute } from '../route.ts';

interface Choice {
  name: string;
  label: string;
  options: string[];
}

export function FilterBar({ choices, count, total }: { choices: Choice[]; count: number; total: number }) {
  const { query } = useRoute();
  const change = (name: string, value: string) => {
    const changed = new URLSearchParams(query);
    if (value) changed.set(name, value);
    else changed.delete(name);
    replaceQuery(changed);
  };
  return (
    <search className="filters">
      <input
        type="search"
        aria-label="Filter by name"
        placeholder="name  ( / )"
        value={query.get('name') ?? ''}
        onChange={(event) => change('name', event.target.value)}
      />
      {choices.map(({ name, label, options }) => (
        <select key={name} aria-label={label} value={query.get(name) ?? ''} onChange={(event) => change(name, event.target.value)}>
          <option value="">{label}: all</option>
          {[...new Set([...options, query.get(name) ?? ''])]
            .filter(Boolean)
            .sort()
            .map((option) => (
              <option key={option}>{option}</option>
            ))}
        </select>
      ))}
      <output>{count === total ? total : `${count} of ${total}`}</output>
    </search>
  );
}

/** Whether an object passes the two filters that all pages have. */
export function passes(metadata: { namespace?: string; name?: string }, query: URLSearchParams): boolean {
  const namespace = query.get('namespace');
  const name = query.get('name');
  return (!namespace || metadata.namespace === namespace) && (!name || (metadata.name ?? '').includes(name));
}

export function namespacesOf(objects: { metadata: { namespace?: string } }[]): string[] {
  return [...new Set(objects.map(({ metadata }) => metadata.namespace ?? ''))];
}
