// The frame: who is logged in, which page is shown, and how fresh what it shows is.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useFreshness } from './live/listings.ts';
import { SessionProvider, useLogin } from './live/session.tsx';
import { useSession } from './live/session-context.ts';
import { ControlPlanePage } from './pages/control-plane-page.tsx';
import { EventsPage } from './pages/events-page.tsx';
import { KindPage } from './pages/kind-page.tsx';
import { KindsPage } from './pages/kinds-page.tsx';
import { LoginPage } from './pages/login-page.tsx';
import { NodePage } from './pages/node-page.tsx';
import { NodesPage } from './pages/nodes-page.tsx';
import { ObjectPage } from './pages/object-page.tsx';
import { OverviewPage } from './pages/overview-page.tsx';
import { PodPage } from './pages/pod-page.tsx';
import { PodsPage } from './pages/pods-page.tsx';
import { ServicesPage } from './pages/services-page.tsx';
import { TimelinePage } from './pages/timeline/timeline-page.tsx';
import { VolumesPage } from './pages/volumes-page.tsx';
import { WorkloadsPage } from './pages/workloads-page.tsx';
import { ActionHost } from './parts/action-host.tsx';
import { SearchDialog } from './parts/search-dialog.tsx';
import { useRoute } from './route.ts';

const pages: [name: string, title: string][] = [
  ['overview', 'Overview'],
  ['nodes', 'Nodes'],
  ['workloads', 'Workloads'],
  ['pods', 'Pods'],
  ['services', 'Services'],
  ['volumes', 'Volumes'],
  ['events', 'Events'],
  ['timeline', 'Time line'],
  ['kinds', 'All kinds'],
  ['control-plane', 'Control plane'],
];

export function App() {
  const login = useLogin();
  if (login.isRestoring) return <p className="quiet">Logging in…</p>;
  if (!login.loggedIn) return <LoginPage login={login} />;
  return (
    <SessionProvider login={login}>
      <Frame />
    </SessionProvider>
  );
}

function Frame() {
  const { page, segments } = useRoute();
  const { userName, logOut } = useSession();
  const [isSearching, setSearching] = useState(false);
  useShortcuts(() => setSearching(true));
  const title = pages.find(([name]) => name === page)?.[1] ?? segments[0] ?? 'Not found';
  const address = [page, ...segments].join('/');
  useEffect(() => {
    document.title = `${segments.at(-1) ?? title} · Berth`;
  }, [title, segments.at(-1)]);
  return (
    <div className="frame">
      <header>
        <strong className="brand">Berth</strong>
        <nav aria-label="Pages">
          {pages.map(([name, text], index) => (
            <a key={name} href={`#/${name}`} aria-current={name === page ? 'page' : undefined} title={`Key ${(index + 1) % 10}`}>
              {text}
            </a>
          ))}
        </nav>
        <button type="button" title="Ctrl K" onClick={() => setSearching(true)}>
          Search
        </button>
        <NamespaceChooser />
        <Freshness />
        <span className="user">
          <span className="wide">{userName}</span>
          <button type="button" onClick={() => logOut()}>
            Log out
          </button>
        </span>
      </header>
      {isSearching && <SearchDialog pages={pages} close={() => setSearching(false)} />}
      <StaleNotice />
      <ActionHost key={address}>
        <main>{content(page, segments)}</main>
      </ActionHost>
    </div>
  );
}

function content(page: string, segments: string[]): ReactNode {
  const [first = '', second = ''] = segments;
  if (page === 'pods' && second) return <PodPage namespace={first} name={second} />;
  if (page === 'nodes' && first) return <NodePage name={first} />;
  if (page === 'object' && segments.length > 3) return <ObjectPage segments={segments} />;
  if (page === 'kinds' && segments.length > 1) return <KindPage segments={segments} />;
  if (page === 'kinds') return <KindsPage />;
  if (page === 'overview') return <OverviewPage />;
  if (page === 'nodes') return <NodesPage />;
  if (page === 'workloads') return <WorkloadsPage />;
  if (page === 'pods') return <PodsPage />;
  if (page === 'services') return <ServicesPage />;
  if (page === 'volumes') return <VolumesPage />;
  if (page === 'events') return <EventsPage />;
  if (page === 'timeline') return <TimelinePage />;
  if (page === 'control-plane') return <ControlPlanePage />;
  return <p>There is no such page.</p>;
}

const confined = 'You may not list the objects of all namespaces.';
const thereMayBeMore = 'Offered are those that your rights name and that you have been in; there may be more, and any can be typed.';

/** For those who may not see all namespaces: which one they look at. */
function NamespaceChooser() {
  const { confinedTo, confineTo, namespaces } = useSession();
  const [typed, setTyped] = useState<string>();
  if (confinedTo === undefined) return null;
  const apply = () => {
    if (typed?.trim()) confineTo(typed.trim());
    setTyped(undefined);
  };
  return (
    <label className="namespace" title={namespaces.areAll ? confined : `${confined} ${thereMayBeMore}`}>
      Namespace{' '}
      <input
        className="namespace-name"
        value={typed ?? confinedTo}
        list="namespaces"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => event.key === 'Enter' && apply()}
      />
      <datalist id="namespaces">
        {namespaces.names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  );
}

const words = {
  live: 'Live',
  // Some of it is listed every few seconds, as there are only so many streams.
  polling: 'Live',
  loading: 'Loading',
  failed: 'Partly refused',
  reconnecting: 'Reconnecting…',
};

function Freshness() {
  const { state, error } = useFreshness();
  const tone = state === 'live' || state === 'polling' ? 'good' : state === 'loading' || state === 'failed' ? 'quiet' : 'bad';
  return (
    <span className={`state ${tone} freshness`} role="status" title={error}>
      {words[state]}
    </span>
  );
}

function StaleNotice() {
  const { state, error } = useFreshness();
  if (state !== 'reconnecting') return null;
  return <p className="stale">What is shown may be old: {error}. Trying again.</p>;
}

/** Digits change the page, `/` goes to the filter, Ctrl-K searches everything. */
function useShortcuts(search: () => void): void {
  const latest = useRef(search);
  latest.current = search;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        latest.current();
        return;
      }
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(target.tagName)) return;
      if (document.querySelector('dialog[open]')) return;
      const page = /^\d$/.test(event.key) ? pages[(Number(event.key) + 9) % 10] : undefined;
      if (page) location.hash = `#/${page[0]}`;
      if (event.key !== '/') return;
      event.preventDefault();
      document.querySelector<HTMLInputElement>('input[type=search]')?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
