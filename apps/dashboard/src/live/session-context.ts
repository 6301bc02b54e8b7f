// What everything below the log-in may use.
import { createContext, use } from 'react';
import type { Access } from './access.ts';
import type { ApiClient } from './api-client.ts';
import type { Namespaces } from './namespaces.ts';
import type { WatchStore } from './watch-store.ts';

export interface Session {
  api: ApiClient;
  access: Access;
  store: WatchStore;
  userName: string;
  /** The only namespace whose objects are listed, for those who may not list those of all; undefined for the others. */
  confinedTo: string | undefined;
  confineTo(namespace: string): void;
  /** Which they can choose from; none for those who see all. */
  namespaces: Namespaces;
  logOut(reason?: string): void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('useSession must be used below SessionProvider');
  return session;
}
