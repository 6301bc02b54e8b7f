// What a key of a compose file may hold, as data: from it come errors about types and unknown keys, and warnings of what does not act.

export type Scalar = 'text' | 'integer' | 'number' | 'boolean' | 'anything';

export type Shape = Scalar | { list: Shape } | { map: Shape } | { fields: Fields } | { oneOf: Shape[] };

export interface Field {
  shape: Shape;
  /** Why it does not act, or what to do instead. */
  inert?: string;
}

export type Fields = Record<string, Field | Shape>;

export const text: Shape = 'text';
export const texts: Shape = { list: 'text' };
export const textOrTexts: Shape = { oneOf: ['text', texts] };
/** `A: b` or `- A=b`. */
export const mapping: Shape = { oneOf: [{ map: 'text' }, texts] };

export function inert(shape: Shape, why: string): Field {
  return { shape, inert: why };
}

export function fieldOf(field: Field | Shape): Field {
  return typeof field === 'object' && 'shape' in field ? field : { shape: field };
}
