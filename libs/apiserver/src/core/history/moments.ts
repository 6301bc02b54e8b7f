// moments.history.berth.io: which revision was the newest at a time, which is the one to list with `resourceVersionMatch=Exact` to see what
// there was. Named after a time of RFC 3339, or `oldest` (the first that is kept) or `newest`.
import { Moment } from '@berth/api';
import { StatusError } from '@berth/machinery';
import { erased } from '../kinds-by-name.ts';
import { computed, computedAnswer } from '../object-answer.ts';
import type { Resource } from '../resource.ts';
import type { ServedKind } from '../resource-registry.ts';
import { selectionOf } from '../selection.ts';
import { timeMs } from './change-query.ts';
import { iso, type Known, type Past } from './past.ts';

export function historyMoments(past: Past): ServedKind {
  const resource: Resource = {
    get: async ({ name = '', signal }) => computedAnswer(await momentNamed(past, name, signal), 200),
    list: async ({ kind }, settings) => {
      const selection = selectionOf(kind, settings);
      const found = [momentOf('oldest', await past.oldest()), momentOf('newest', await past.now())];
      const entries = found.filter((moment) => selection.matches(moment)).map(computed);
      return { entries, resourceVersion: found[1]?.revision ?? '' };
    },
  };
  return { kind: erased(Moment), resource };
}

async function momentNamed(past: Past, name: string, signal: AbortSignal | undefined): Promise<Moment> {
  if (name === 'oldest') return momentOf(name, await past.oldest());
  if (name === 'newest') return momentOf(name, await past.now());
  const atMs = timeMs(name);
  if (atMs === undefined)
    throw StatusError.badRequest(`${JSON.stringify(name)} is no moment: it is oldest, newest or a time such as 2026-01-31T15:04:05Z`);
  return momentOf(name, { atMs, revision: await past.at(atMs, signal) });
}

function momentOf(name: string, { atMs, revision }: Known): Moment {
  const metadata = { name, resourceVersion: String(revision) };
  return { apiVersion: 'history.berth.io/v1alpha1', kind: 'Moment', metadata, time: iso(atMs), revision: String(revision) };
}
