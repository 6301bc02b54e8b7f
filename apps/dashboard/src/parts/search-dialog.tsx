// The search over everything: pages, kinds and every object that one may list. Opened by Ctrl-K, moved in by arrows.
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchIndex } from '../live/search-index.ts';
import { useServedKinds } from '../live/served-kinds.ts';
import type { ServedKind } from '../model/discovery.ts';
import { type Indexed, indexed, type SearchEntry, search } from '../model/search.ts';
import { kindLink } from '../route.ts';

const shownMax = 40;

interface Props {
  pages: [name: string, title: string][];
  close(): void;
}

export function SearchDialog({ pages, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const { kinds } = useServedKinds();
  const progress = useSearchIndex(kinds);
  const places = usePlaces(pages, kinds);
  const all = useMemo(() => [...places, ...progress.entries], [places, progress.entries]);
  const found = useMemo(() => search(all, text, shownMax), [all, text]);
  const current = Math.min(chosen, Math.max(0, found.entries.length - 1));
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    void document.getElementById(`found-${current}`)?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const go = (entry: SearchEntry | undefined) => {
    if (!entry) return;
    location.hash = entry.href;
    dialog.current?.close();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen(Math.max(0, Math.min(found.entries.length - 1, current + step)));
    }
    if (event.key === 'Enter') go(found.entries[current]);
  };
  return (
    <dialog ref={dialog} className="search" aria-label="Search" onClose={close}>
      <input
        className="search-text"
        role="combobox"
        aria-label="Search everything"
        aria-expanded={found.entries.length > 0}
        aria-controls="found"
        aria-activedescendant={found.entries.length > 0 ? `found-${current}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder="name, kind, namespace or label"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
      />
      <Results entries={found.entries} current={current} go={go} />
      <p className="quiet" role="status">
        {summary(progress, text, found.entries.length, found.more)}
      </p>
    </dialog>
  );
}

function usePlaces(pages: Props['pages'], kinds: ServedKind[] | undefined): Indexed[] {
  return useMemo<Indexed[]>(
    () => [
      ...pages.map(([name, title]) => indexed({ kind: 'Page', namespace: undefined, name: title, href: `#/${name}`, more: '' })),
      ...(kinds ?? [])
        .filter(({ verbs }) => verbs.includes('list'))
        .map((kind) =>
          indexed({
            kind: 'Kind',
            namespace: undefined,
            name: kind.resource,
            href: kindLink(kind),
            more: [kind.kind, kind.group, ...kind.shortNames].join(' '),
          }),
        ),
    ],
    [pages, kinds],
  );
}

function Results({ entries, current, go }: { entries: SearchEntry[]; current: number; go(entry: SearchEntry): void }) {
  return (
    <div id="found" role="listbox" aria-label="Found" tabIndex={-1}>
      {entries.map((entry, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's, which keeps the focus
        // biome-ignore lint/a11y/useFocusableInteractive: as above
        <div key={entry.href} id={`found-${index}`} role="option" aria-selected={index === current} onClick={() => go(entry)}>
          <span className="quiet">{entry.kind}</span> {entry.namespace && <span className="quiet">{entry.namespace}/</span>}
          {entry.name}
        </div>
      ))}
    </div>
  );
}

/** That there is none is said only when all that one may see has been looked through. */
function summary({ read, kinds, unread, entries }: ReturnType<typeof useSearchIndex>, text: string, shown: number, more: number): string {
  const isWhole = kinds > 0 && read === kinds;
  const looked = isWhole ? `${entries.length} objects of ${kinds - unread.length} kinds` : `reading ${read} of ${kinds || '…'} kinds`;
  const missing = unread.length > 0 ? `; not searched, as you may not list them or they did not answer: ${unread.join(', ')}` : '';
  if (text.trim() === '') return `${looked}${missing}`;
  if (shown === 0) return isWhole ? `Nothing found in ${looked}${missing}` : `Nothing found yet: ${looked}`;
  return `${more > 0 ? `${more} more; ` : ''}${looked}${missing}`;
}
