// Decisions about an object in the version of a request: what is there is converted to it first, and what comes of it to the version
// that is stored.
import { cloneObject, type KindConversion, type KindDefinition, type KubeObject } from '@berth/machinery';
import type { Decide, Decision } from '../decision.ts';
import { type Entry, headOf } from '../object-codec.ts';
import { shownEntry } from './shown-entries.ts';

export function decideInVersion(kind: KindDefinition, conversion: KindConversion, decide: Decide): Decide {
  return async (current, known) => {
    const shown = current && (await shownEntry(kind, current));
    return storedDecision(conversion, await decide(shown, known), current);
  };
}

async function storedDecision(conversion: KindConversion, decision: Decision, current: Entry | undefined): Promise<Decision> {
  if (decision.type === 'remove') return decision;
  if (decision.type === 'put') {
    const { again } = decision;
    const converted = { ...decision, object: await stored(conversion, decision.object) };
    return again ? { ...converted, again: async () => storedDecision(conversion, await again(), current) } : converted;
  }
  if (!current || current.isOf(headOf(conversion.stored))) return { ...decision, entry: current ?? decision.entry };
  // Whoever writes an object as it is has it stored in the version that is stored now.
  return { type: 'put', object: await stored(conversion, cloneObject(decision.entry.object)), warnings: decision.warnings ?? [] };
}

async function stored(conversion: KindConversion, object: KubeObject): Promise<KubeObject> {
  const [converted] = await conversion.convert([object], conversion.stored);
  if (!converted) throw new RangeError('one object was converted to none');
  return converted;
}
