// Priority levels: shares and queues that a server can keep.
import type {
  LimitedPriorityLevelConfiguration,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '../generated/flowcontrol-v1.types.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from './errors.ts';
import { inRange } from './names.ts';

const queuesMax = 10_000_000;
const entropyBitsMax = 60;
const notNegative = 'must be a non-negative integer';

export function validatePriorityLevelSpec({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { type, limited, exempt } = spec ?? {};
  const errors: FieldError[] = [];
  if ((metadata.name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalid('spec.type', type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    const shares = exempt?.nominalConcurrencyShares;
    if (shares !== undefined && shares < 0) errors.push(invalid('spec.exempt.nominalConcurrencyShares', shares, notNegative));
    return [...errors, ...percent(exempt?.lendablePercent, 'spec.exempt.lendablePercent')];
  }
  if (type !== 'Limited') return [...errors, notSupported('spec.type', type ?? '', ['Exempt', 'Limited'])];
  if (exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
  return limited
    ? [...errors, ...limits(limited, 'spec.limited')]
    : [...errors, required('spec.limited', 'must not be empty when type is Limited')];
}

function percent(value: number | undefined, field: string): FieldError[] {
  return value === undefined ? [] : inRange(value, 0, 100).map((reason) => invalid(field, value, reason));
}

function limits(limited: LimitedPriorityLevelConfiguration, field: string): FieldError[] {
  const { nominalConcurrencyShares: shares = 0, limitResponse, lendablePercent, borrowingLimitPercent: borrowed } = limited;
  const errors = shares < 0 ? [invalid(`${field}.nominalConcurrencyShares`, shares, notNegative)] : [];
  const at = `${field}.limitResponse`;
  const { type = '', queuing } = limitResponse ?? {};
  if (type === 'Reject') {
    if (queuing) errors.push(forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'));
  } else if (type === 'Queue') {
    if (queuing) errors.push(...queues(queuing, `${at}.queuing`));
    else errors.push(required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'));
  } else errors.push(notSupported(`${at}.type`, type, ['Queue', 'Reject']));
  errors.push(...percent(lendablePercent, `${field}.lendablePercent`));
  if (borrowed !== undefined && borrowed < 0)
    errors.push(invalid(`${field}.borrowingLimitPercent`, borrowed, `if specified, ${notNegative}`));
  return errors;
}

function queues({ queues: deck = 0, handSize: hand = 0, queueLengthLimit: length = 0 }: QueuingConfiguration, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (length <= 0) errors.push(invalid(`${field}.queueLengthLimit`, length, 'must be positive'));
  if (deck <= 0) errors.push(invalid(`${field}.queues`, deck, 'must be positive'));
  else if (deck > queuesMax) errors.push(invalid(`${field}.queues`, deck, `must not be greater than ${queuesMax}`));
  if (hand <= 0) errors.push(invalid(`${field}.handSize`, hand, 'must be positive'));
  else if (hand > deck) errors.push(invalid(`${field}.handSize`, hand, `should not be greater than queues (${deck})`));
  else if (entropyBits(deck, hand) > entropyBitsMax) {
    const rule = `required entropy bits of deckSize ${deck} and handSize ${hand} should not be greater than ${entropyBitsMax}`;
    errors.push(invalid(`${field}.handSize`, hand, rule));
  }
  return errors;
}

/** Bits needed to deal a hand out of a deck; a hash has 64 to give. */
function entropyBits(deck: number, hand: number): number {
  let bits = 0;
  // Past the limit it is too many, however many.
  for (let dealt = 0; dealt < hand && bits <= entropyBitsMax; dealt++) bits += Math.log2(deck - dealt);
  return Math.ceil(bits);
}
