// Kinds as they are typed: `deploy/web`, `deployments web`, `web` for a pod, and what such a word means.
import { kinds } from '@berth/api';
import type { KindDefinition } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';

export interface TypedObject {
  kind: KindDefinition;
  name: string;
}

/** @returns undefined for words that no kind of Kubernetes has */
export function kindOfWord(word: string): KindDefinition | undefined {
  const typed = word.toLowerCase();
  const [first = typed] = typed.split('.');
  const named = (kinds as readonly KindDefinition[]).filter(
    ({ plural, kind, shortNames = [] }) => plural === first || kind.toLowerCase() === first || shortNames.includes(first),
  );
  // Of kinds with the same name, such as events, the older group's.
  return named.find(({ group }) => group === '' || group === 'apps' || group === 'batch') ?? named[0];
}

/** @param words what follows the command @param whole a line to show when it is none of it @throws UsageError */
export function readTypedObject(words: readonly string[], whole: string): TypedObject {
  const parts = words.join('/').split('/');
  const [first = '', second] = parts;
  const [word, name] = second === undefined ? ['pod', first] : [first, second];
  if (parts.length > 2 || name === '' || word === '') throw new UsageError(`it is: ${whole}, not ${JSON.stringify(words.join(' '))}`);
  const kind = kindOfWord(word);
  if (!kind) throw new UsageError(`${JSON.stringify(word)} is no kind: it is such as pod, deployment, statefulset, job, node`);
  return { kind, name };
}
