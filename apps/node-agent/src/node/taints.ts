// Taints that a node registers with, as a kubelet's --register-with-taints states them: KEY=VALUE:EFFECT, or KEY:EFFECT.
import type { Taint } from '@berth/api';
import { UsageError } from '@berth/telemetry/command-line';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const name = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const pattern = new RegExp(`^((?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${name})(?:=(${name})?)?:([A-Za-z]+)$`);

/** @throws UsageError naming the option */
export function parseTaints(option: string, text: string | undefined): Taint[] {
  const parts = (text ?? '').split(',').filter((part) => part !== '');
  const taints = parts.map((part) => {
    const [, key = '', value = '', effect = ''] = pattern.exec(part) ?? [];
    if (!effects.includes(effect))
      throw new UsageError(`${option}: ${JSON.stringify(part)} is not KEY=VALUE:EFFECT with one of ${effects.join(', ')}`);
    return { key, ...(value !== '' && { value }), effect };
  });
  const twice = taints.find(({ key, effect }, index) => taints.findIndex((other) => other.key === key && other.effect === effect) < index);
  if (twice) throw new UsageError(`${option}: ${twice.key} is there twice with ${twice.effect}`);
  return taints;
}
