// The parts of a page that are shown one at a time; which one stands in the address, so that it can be shared.
import { replaceQuery, useRoute } from '../route.ts';

export interface Tab {
  /** Empty for the first one. */
  id: string;
  title: string;
}

export function Tabs({ tabs, current }: { tabs: Tab[]; current: string }) {
  const { query } = useRoute();
  const show = (id: string) => {
    const changed = new URLSearchParams(query);
    if (id) changed.set('tab', id);
    else changed.delete('tab');
    replaceQuery(changed);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is about the input of a form
    <div className="tabs" role="group" aria-label="Parts of this page">
      {tabs.map(({ id, title }) => (
        <button key={id} type="button" className="tab" aria-pressed={id === current} onClick={() => show(id)}>
          {title}
        </button>
      ))}
    </div>
  );
}
