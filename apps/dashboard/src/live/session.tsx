// Who is looking: the token, held for this tab only (sessionStorage), and what is made from it. Logging out ends every watch.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { Access, GuardedApi } from './access.ts';
import { ApiClient, ApiError } from './api-client.ts';
import { type Namespaces, namespacesOf, visit } from './namespaces.ts';
import { finishedLogin, forgetLogin, refreshedTokens, refreshInMs, type Tokens } from './provider-login.ts';
import { type Session, SessionContext } from './session-context.ts';
import { WatchStore } from './watch-store.ts';

const storageKey = 'berth-token';
/** Why one was logged out, until one logs in. */
const reasonKey = 'berth-logged-out';
const namespaceKey = 'berth-namespace';
const defaultNamespace = 'default';
const noNamespaces: Namespaces = { names: [], areAll: false };

interface LoggedIn {
  token: string;
  userName: string;
}

export interface Login {
  loggedIn: LoggedIn | undefined;
  /** Why one is logged out, when it was not wanted. */
  reason: string | undefined;
  isRestoring: boolean;
  logIn(token: string): Promise<void>;
  logOut(reason?: string): void;
}

export function useLogin(): Login {
  const [loggedIn, setLoggedIn] = useState<LoggedIn>();
  const [reason, setReason] = useState(() => sessionStorage.getItem(reasonKey) ?? undefined);
  const [isRestoring, setRestoring] = useState(true);
  const logIn = async (token: string) => {
    const userName = await whoAmI(token);
    sessionStorage.setItem(storageKey, token);
    sessionStorage.removeItem(reasonKey);
    setReason(undefined);
    setLoggedIn({ token, userName });
  };
  const logOut = (why?: string) => {
    sessionStorage.removeItem(storageKey);
    forgetLogin();
    // Whoever loads the page again still wants to know.
    if (why === undefined) sessionStorage.removeItem(reasonKey);
    else sessionStorage.setItem(reasonKey, why);
    setReason(why);
    setLoggedIn(undefined);
  };
  // Once: what the identity provider sent, or what this tab already had.
  useEffect(() => {
    const restored = async () => {
      const fresh = await finishedLogin();
      const token = fresh?.idToken ?? sessionStorage.getItem(storageKey);
      if (token) await restore(token, fresh);
    };
    const restore = async (token: string, fresh: Tokens | undefined) => {
      try {
        await logIn(token);
      } catch (error) {
        // A server that is away for a moment is no reason to forget who one is.
        if (error instanceof ApiError && error.code === 0) return setLoggedIn({ token, userName: '' });
        const isRefused = error instanceof ApiError && error.code === 401;
        logOut(isRefused ? (fresh?.problem ?? (fresh ? refusedLogin : 'The token is no longer valid.')) : String(error));
      }
    };
    restored()
      .catch((error: unknown) => setReason(error instanceof Error ? error.message : String(error)))
      .finally(() => setRestoring(false));
  }, []);
  // Before a provider's token ends, its refresh token makes the next.
  const token = loggedIn?.token;
  useEffect(() => {
    const inMs = token === undefined ? undefined : refreshInMs(token);
    if (inMs === undefined) return;
    const timer = setTimeout(() => {
      const next = async () => {
        const { idToken } = await refreshedTokens();
        sessionStorage.setItem(storageKey, idToken);
        setLoggedIn((now) => now && { ...now, token: idToken });
      };
      next().catch((error: Error) => logOut(`Logged out: ${error.message}`));
    }, inMs);
    return () => clearTimeout(timer);
  }, [token]);
  return { loggedIn, reason, isRestoring, logIn, logOut };
}

const refusedLogin =
  'The API server does not take this token of the identity provider: it may want another issuer, audience or claims. Its log says why at level debug.';

/** @throws ApiError 401 for a wrong token */
async function whoAmI(token: string): Promise<string> {
  // Only ASCII can be in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new ApiError(401, 'Unauthorized');
  const response = await fetch('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
  }).catch(() => {
    throw new ApiError(0, 'the control plane cannot be reached');
  });
  if (!response.ok) throw new ApiError(response.status, `the API answered ${response.status}`);
  const { status } = (await response.json()) as { status?: { userInfo?: { username?: string } } };
  return status?.userInfo?.username ?? '';
}

type Made = Omit<Session, 'confinedTo' | 'confineTo'> & { cache: QueryClient; isConfined: boolean };

export function SessionProvider({ login, children }: { login: Login; children: ReactNode }) {
  const { token = '', userName = '' } = login.loggedIn ?? {};
  const [made, setMade] = useState<Made>();
  const [chosen, setNamespace] = useState(() => linkedNamespace() || sessionStorage.getItem(namespaceKey) || ownNamespace(userName));
  // Of somebody who has chosen none, the first that they may see.
  const namespace = chosen ?? made?.namespaces.names[0] ?? defaultNamespace;
  const { logOut } = login;
  const latest = useMemo(() => ({ logOut, token }), []);
  latest.logOut = logOut;
  latest.token = token;
  useEffect(() => {
    // Listings are replaced as a whole: comparing thousands of objects to share structure would cost more than drawing them.
    const cache = new QueryClient({ defaultOptions: { queries: { structuralSharing: false, retry: 1, gcTime: 60_000 } } });
    const api = new ApiClient(
      () => latest.token,
      () => latest.logOut('The token is no longer valid.'),
    );
    const access = new Access(api);
    const store = new WatchStore(new GuardedApi(api, access), (key, listing) => cache.setQueryData(['watch', key], listing));
    let isCurrent = true;
    const begin = (isConfined: boolean, namespaces = noNamespaces) => {
      if (isCurrent) setMade({ cache, api, access, store, userName, isConfined, namespaces, logOut: (why) => latest.logOut(why) });
    };
    const look = async () => {
      if (await access.isAllowed({ verb: 'list', group: '', resource: 'pods' })) return begin(false);
      begin(true, await namespacesOf(api, access, chosen ?? defaultNamespace));
    };
    // While the server is away nobody knows; what is refused then says so itself.
    look().catch(() => begin(false));
    return () => {
      isCurrent = false;
      store.close();
      cache.clear();
    };
  }, [userName, latest]);
  const session = useMemo<Session | undefined>(() => {
    const confineTo = (other: string) => {
      sessionStorage.setItem(namespaceKey, other);
      visit(other);
      setNamespace(other);
    };
    return made && { ...made, confinedTo: made.isConfined ? namespace : undefined, confineTo };
  }, [made, namespace]);
  // Whoever follows a link sees the same, if they are confined as well.
  useEffect(() => {
    if (made?.isConfined) history.replaceState(null, '', `?${new URLSearchParams({ namespace })}${location.hash}`);
  }, [made, namespace]);
  if (!made || !session) return <p className="quiet">Logging in…</p>;
  return (
    <QueryClientProvider client={made.cache}>
      <SessionContext value={session}>{children}</SessionContext>
    </QueryClientProvider>
  );
}

/** Before `#`, where pages of all sorts leave it alone. */
function linkedNamespace(): string | null {
  return new URLSearchParams(location.search).get('namespace');
}

/** A service account's own; of others nobody knows it. */
function ownNamespace(userName: string): string | undefined {
  return /^system:serviceaccount:([^:]+):/.exec(userName)?.[1];
}
