// Kinds whose past can be listed, by the words that are typed for them: those of Berth, and those that users define.
import { CustomResourceDefinition, establishedKinds, kinds } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { type KindDefinition, nearestNames } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';
import { kindOfWord } from './kind-words.ts';

/** @param word such as deploy, `deploy,svc` or all @throws UsageError for a kind that there is not, or whose objects are never stored */
export async function kindsOfWords(word: string, client: HttpClient): Promise<KindDefinition[]> {
  const found: KindDefinition[] = [];
  let defined: KindDefinition[] | undefined;
  for (const one of word.split(',').filter((part) => part !== '')) {
    const own = one === 'all' ? ofCategory('all') : [kindOfWord(one)].filter((kind) => kind !== undefined);
    if (own.length > 0) found.push(...own);
    else {
      defined ??= await definedKinds(client);
      found.push(definedKind(one, defined));
    }
  }
  if (found.length === 0) throw new UsageError(`${JSON.stringify(word)} is no kind: it is such as pod, deployment, configmap, node`);
  return [...new Set(found)];
}

function ofCategory(name: string): KindDefinition[] {
  return (kinds as readonly KindDefinition[]).filter(({ categories }) => categories.includes(name));
}

async function definedKinds(client: HttpClient): Promise<KindDefinition[]> {
  const { items } = await client.list(CustomResourceDefinition);
  return items.flatMap((definition) => {
    const { stored, served = [] } = establishedKinds(definition) ?? {};
    return served.find(({ version }) => version === stored?.version) ?? served[0] ?? [];
  });
}

function definedKind(word: string, defined: KindDefinition[]): KindDefinition {
  const typed = word.toLowerCase();
  const kind = defined.find(
    ({ plural, kind: name, group, shortNames = [] }) =>
      [plural, name.toLowerCase(), `${plural}.${group}`].includes(typed) || shortNames.includes(typed),
  );
  if (kind) return kind;
  const near = nearestNames(
    typed,
    [...(kinds as readonly KindDefinition[]), ...defined].map(({ plural }) => plural),
  )[0];
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  throw new UsageError(
    `${JSON.stringify(word)} is no kind whose objects this cluster keeps${meant} (what is computed when it is read has no past)`,
  );
}
