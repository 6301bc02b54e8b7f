// What is wrong with what runs in the cluster, by the same judges as the dashboard's first page and `berth why`.
import { type Card, changeMarks, findCards } from '@berth/causes';
import type { HttpClient } from '@berth/client';
import { gather, lookCloser } from '../ask/gather.ts';
import { error, type Outcome, ok, warning } from './outcome.ts';

const shownMax = 50;

/** One card a cause, what is asked for about causes included. */
export async function cardsOf(client: HttpClient, now: number): Promise<Card[]> {
  const known = await gather(client, undefined, now);
  const cards = findCards(known);
  const pods = cards.flatMap(({ first, cause }) =>
    cause.object.startsWith('pod/') ? [{ namespace: first.namespace, name: cause.object.slice('pod/'.length) }] : [],
  );
  const changed = cards.flatMap(({ first }) => changeMarks(first));
  return findCards(await lookCloser(client, known, pods, changed));
}

export function troubleOutcomes(cards: readonly Card[]): Outcome[] {
  if (cards.length === 0) return [ok('what runs', 'nothing is wrong')];
  const outcomes = cards.slice(0, shownMax).map((card) => {
    const { first, cause, follows, why, before } = card;
    const where = first.namespace ? `${first.namespace}: ` : '';
    const behind = follows.length > 0 ? `; affects ${follows.map(({ kind, name }) => `${kind.toLowerCase()}/${name}`).join(', ')}` : '';
    const says = `${where}${cause.object}: ${cause.reason}: ${cause.says}${behind}${before ? `; ${before}` : ''}`;
    const [step] = why.steps;
    const remedy = step ? `${step.text}${step.command ? `: ${step.command}` : ''}` : `berth why ${first.kind.toLowerCase()}/${first.name}`;
    return first.severity === 'error' ? error('what runs', says, remedy) : warning('what runs', says, remedy);
  });
  const rest = cards.length - shownMax;
  return rest > 0 ? [...outcomes, warning('what runs', `${rest} more are not shown`, 'mend these first')] : outcomes;
}
