// Whether a toleration lets a pod stand a taint.
import type { Taint, Toleration } from '@berth/api';

export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  switch (operator ?? 'Equal') {
    case '':
    case 'Equal':
      return (value ?? '') === (taint.value ?? '');
    case 'Exists':
      return true;
    case 'Lt':
      return compared(taint.value, value, (a, b) => a < b);
    case 'Gt':
      return compared(taint.value, value, (a, b) => a > b);
    default:
      return false;
  }
}

function compared(a: string | undefined, b: string | undefined, compare: (a: number, b: number) => boolean): boolean {
  const integer = /^-?\d+$/;
  return a !== undefined && b !== undefined && integer.test(a) && integer.test(b) && compare(Number(a), Number(b));
}

/** The first taint, of those with one of the effects, that nothing tolerates. */
export function untolerated(taints: Taint[], tolerations: Toleration[] | undefined, effects: string[]): Taint | undefined {
  return taints.find((taint) => effects.includes(taint.effect) && !tolerations?.some((toleration) => tolerates(toleration, taint)));
}
