// Removes from a registry's folder what nothing refers to, while it serves: manifests without a tag that nothing in the cluster names, then layers
// and blobs that no manifest left names. Whatever is young stays, since a push writes its manifest last. A push may find a blob there and
// refer to it just before it goes; so blobs are set aside first, and put back when they are referred to after all, at once and at the
// beginning of the next time, when those that are still not are removed for good.
import type { RegistryStorage } from './registry-storage.ts';

export interface GarbageWish {
  /** Digests that objects of the cluster name. */
  used: ReadonlySet<string>;
  /** Nothing that changed since goes. */
  olderThanMs: number;
  isDryRun: boolean;
}

export interface Garbage {
  manifests: string[];
  /** Blobs, layers among them. */
  blobs: number;
  bytes: number;
  /** Set aside the time before, now gone for good. */
  gone: number;
}

export async function collectGarbage(storage: RegistryStorage, { used, olderThanMs, isDryRun }: GarbageWish): Promise<Garbage> {
  const garbage: Garbage = { manifests: [], blobs: 0, bytes: 0, gone: 0 };
  if (!isDryRun) garbage.gone = await endAsides(storage);
  const repositories = await storage.repositories();
  const removed = new Map<string, Set<string>>();
  for (const repository of repositories) {
    const unused = await unusedManifests(storage, repository, used, olderThanMs);
    removed.set(repository, new Set(unused));
    garbage.manifests.push(...unused.map((digest) => `${repository}@${digest}`));
    if (!isDryRun) for (const digest of unused) await storage.removeManifest(repository, digest);
  }
  const referred = new Set<string>();
  for (const repository of repositories) {
    const named = await namedIn(storage, repository, removed.get(repository));
    for (const { digest, changedMs } of await storage.layers(repository)) {
      if (named.has(digest) || changedMs >= olderThanMs) referred.add(digest);
      else if (!isDryRun) await storage.removeLayer(repository, digest);
    }
    for (const digest of named) referred.add(digest);
  }
  for await (const { digest, bytes, changedMs } of storage.blobs()) {
    if (referred.has(digest) || changedMs >= olderThanMs) continue;
    garbage.blobs++;
    garbage.bytes += bytes;
    if (!isDryRun) await storage.setAside(digest);
  }
  if (!isDryRun) await putBackReferred(storage);
  return garbage;
}

async function unusedManifests(
  storage: RegistryStorage,
  repository: string,
  used: ReadonlySet<string>,
  olderThanMs: number,
): Promise<string[]> {
  const tagged = await storage.tagged(repository);
  const all = await storage.manifests(repository);
  const kept = new Set<string>();
  const open = all
    .filter(({ digest, changedMs }) => tagged.has(digest) || used.has(digest) || changedMs >= olderThanMs)
    .map(({ digest }) => digest);
  // Those of a list stay with it.
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (kept.has(digest)) continue;
    kept.add(digest);
    const named = new Set(await storage.namedBy(digest));
    open.push(...all.filter((each) => named.has(each.digest)).map((each) => each.digest));
  }
  return all.map(({ digest }) => digest).filter((digest) => !kept.has(digest));
}

/** By what manifests are there, themselves among it. */
async function namedIn(storage: RegistryStorage, repository: string, but: ReadonlySet<string> = new Set()): Promise<Set<string>> {
  const named = new Set<string>();
  for (const { digest } of await storage.manifests(repository)) {
    if (but.has(digest)) continue;
    named.add(digest);
    for (const each of await storage.namedBy(digest)) named.add(each);
  }
  return named;
}

async function putBackReferred(storage: RegistryStorage): Promise<void> {
  const referred = await referredNow(storage);
  for (const digest of await storage.asides()) if (referred.has(digest)) await storage.putBack(digest);
}

/** @returns how many are gone */
async function endAsides(storage: RegistryStorage): Promise<number> {
  await putBackReferred(storage);
  const asides = await storage.asides();
  for (const digest of asides) await storage.removeAside(digest);
  return asides.length;
}

async function referredNow(storage: RegistryStorage): Promise<Set<string>> {
  const referred = new Set<string>();
  for (const repository of await storage.repositories()) {
    for (const digest of await namedIn(storage, repository)) referred.add(digest);
    for (const { digest } of await storage.layers(repository)) referred.add(digest);
  }
  return referred;
}
