// The port of the API: whatever can be asked for answers by it, be it stored, another version of what is stored, a part of an object,
// computed when it is read, or another server's. Who may has been decided before a method is called (api-server.ts); a method that
// is absent is one that the resource does not have. Whatever a method throws for a client's fault is a StatusError.
import type { PatchKind } from './patches.ts';
import type {
  Answer,
  Call,
  DeleteAnswer,
  DeleteSettings,
  ListAnswer,
  ListSettings,
  ReadSettings,
  WatchHandle,
  WatchSettings,
  WriteSettings,
} from './types.ts';

export interface Resource {
  get?(call: Call, settings: ReadSettings): Promise<Answer>;
  list?(call: Call, settings: ListSettings): Promise<ListAnswer>;
  /** Rejects with Expired (410) when the version is too old to resume from. */
  watch?(call: Call, settings: WatchSettings): Promise<WatchHandle>;
  /** POST to a collection, or to a subresource of the object that the call names (pods/binding, pods/eviction). */
  create?(call: Call, body: unknown, settings: WriteSettings): Promise<Answer>;
  /** @param authorizeCreate throws unless the caller may create what does not exist, for what a PUT may create */
  update?(call: Call, body: unknown, settings: WriteSettings, authorizeCreate: AuthorizeCreate): Promise<Answer>;
  /** Any patch but server-side apply. */
  patch?(call: Call, type: PatchKind, patch: unknown, settings: WriteSettings): Promise<Answer>;
  /** Server-side apply. */
  apply?(call: Call, configuration: unknown, settings: WriteSettings, authorizeCreate: AuthorizeCreate): Promise<Answer>;
  delete?(call: Call, settings: DeleteSettings): Promise<DeleteAnswer>;
  /** Deletes what the selectors find; returns it as it was found. */
  deleteCollection?(call: Call, selectors: ListSettings, settings: DeleteSettings): Promise<ListAnswer>;
}

export type AuthorizeCreate = () => Promise<void>;
