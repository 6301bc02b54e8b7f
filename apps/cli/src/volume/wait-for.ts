// Waits, by watching, for an object of the cluster to become what is needed: for minutes at most, and saying what it waited for.
import type { HttpClient } from '@berth/client';
import type { KindDefinition, KubeObject, ObjectKey } from '@berth/machinery';
import { until } from '../compose/awaited-state.ts';

/**
 * @param check its value, or undefined while it is not there yet
 * @param waitsFor what the error names
 * @throws Error when it took too long
 */
export async function waitFor<O extends KubeObject, T>(
  client: HttpClient,
  { kind, key: { namespace = '', name } }: { kind: KindDefinition<O>; key: ObjectKey },
  { seconds, waitsFor }: { seconds: number; waitsFor(): string },
  check: (object: O) => T | undefined,
): Promise<T> {
  let value: T | undefined;
  const isThere = (objects: ReadonlyMap<string, O>) => {
    const found = objects.get(name);
    value = found && check(found);
    return value !== undefined;
  };
  const query = { kind, namespace, fieldSelector: `metadata.name=${name}` };
  await until(client, query, isThere, AbortSignal.timeout(seconds * 1000));
  if (value === undefined) throw new Error(`${waitsFor()} within ${seconds} s`);
  return value;
}
