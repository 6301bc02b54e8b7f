// The terminal's code, loaded when the first one is opened: most visits need none.
import { type ComponentProps, useEffect, useState } from 'react';
import type TerminalView from './terminal-view.tsx';

type View = typeof TerminalView;

export function LazyTerminal(props: ComponentProps<View>) {
  const [loaded, setLoaded] = useState<{ View?: View; error?: string }>({});
  useEffect(() => {
    let isWanted = true;
    import('./terminal-view.tsx').then(
      (module) => isWanted && setLoaded({ View: module.default }),
      (error: unknown) => isWanted && setLoaded({ error: String(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, []);
  const { View, error } = loaded;
  if (error) return <p className="notice bad">The terminal could not be loaded; after an upgrade, load the page again. {error}</p>;
  return View ? <View {...props} /> : <p className="quiet">Loading…</p>;
}
