// Lists and maps that a client gave with nothing in them: Go tells them from null until the object is stored, and shows them so in errors.
const givenEmpty = new WeakMap<object, string[]>();

export function noteGivenEmpty(parent: object, name: string): void {
  givenEmpty.set(parent, [...(givenEmpty.get(parent) ?? []), name]);
}

/**
 * Whether a list or map in which there is nothing was given so: for errors, in which Go tells it from null until the object is stored.
 * Of objects as they were read, not of copies.
 */
export function wasGivenEmpty(parent: object, name: string): boolean {
  return givenEmpty.get(parent)?.includes(name) ?? false;
}

/** `copy`, which takes over what is noted of the object that it was made from. */
export function withGivenEmptyOf<T extends object>(original: object, copy: T): T {
  const names = givenEmpty.get(original);
  if (names) givenEmpty.set(copy, names);
  return copy;
}
