// Types as far as estimates need them: what a value may hold, and how large that may be.

export type TypeKind =
  | 'string'
  | 'bytes'
  | 'int'
  | 'double'
  | 'bool'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'object'
  | 'optional'
  /** Compared as quickly as a number: a quantity, an address. */
  | 'opaque'
  | 'dyn';

export interface DeclaredType {
  kind: TypeKind;
  /** Of lists, maps and optionals. */
  elem?: DeclaredType;
  /** Of objects, by names as expressions spell them. */
  fields?: Map<string, DeclaredType>;
  /** Characters, bytes, items or entries; 0 for what has no size. */
  maxElements: number;
  /** Bytes that it takes in JSON. */
  minSize: number;
}

export const simple = (kind: TypeKind, parts: Partial<DeclaredType> = {}): DeclaredType => ({ kind, maxElements: 0, minSize: 1, ...parts });
export const dyn = simple('dyn');

/** Whether its size is one, whatever the value. */
export function isScalar({ kind, elem }: DeclaredType): boolean {
  if (kind === 'optional') return elem !== undefined && isScalar(elem);
  return ['int', 'double', 'bool', 'timestamp', 'duration'].includes(kind);
}
