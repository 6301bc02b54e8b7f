// What judging takes besides lists: the certificates that Ingresses name, and what is measured. What may not be read is left out.
import { type Ingress, Secret } from '@berth/api';
import {
  certificateOf,
  type InstantAnswer,
  type Measures,
  measureQueries,
  measuresPath,
  namedSecrets,
  noMeasures,
  readMeasures,
} from '@berth/causes';
import type { HttpClient } from '@berth/client';
import { isReason, StatusError } from '@berth/machinery';

const secretsMax = 200;
const timeoutMs = 10_000;

/** By `namespace/name`; null where there is none. */
export async function certificatesOf(client: HttpClient, ingresses: readonly Ingress[]): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>();
  for (const { namespace, name } of namedSecrets(ingresses).slice(0, secretsMax)) {
    try {
      found.set(`${namespace}/${name}`, certificateOf(await client.get(Secret, { namespace, name })));
    } catch (error) {
      if (isReason(error, 'NotFound')) found.set(`${namespace}/${name}`, null);
      else if (!isReason(error, 'Forbidden')) throw error;
    }
  }
  return found;
}

/** Nothing where no history of metrics is kept, or it may not be read. */
export async function measuresOf(client: HttpClient, now: number): Promise<Measures> {
  const ask = async (query: string) =>
    JSON.parse(await client.text(`${measuresPath}?${new URLSearchParams({ query })}`, AbortSignal.timeout(timeoutMs))) as InstantAnswer;
  try {
    return readMeasures(await ask(measureQueries.volumes), await ask(measureQueries.certificates), now);
  } catch (error) {
    if (error instanceof StatusError) return noMeasures;
    throw error;
  }
}
