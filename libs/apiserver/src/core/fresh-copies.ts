// An object for each attempt of a write: an attempt changes what it is given, and another starts from what the client sent.

/** What a decision may change, at each attempt: most succeed at once, so that only what is tried again is made again. */
export function anew<T>(first: T, again: () => T): () => T {
  let isFirst = true;
  return () => {
    if (!isFirst) return again();
    isFirst = false;
    return first;
  };
}

/** Makes one object of another in place, for all who hold it. */
export function become(object: object, other: object): void {
  for (const name of Object.keys(object)) if (!Object.hasOwn(other, name)) delete (object as Record<string, unknown>)[name];
  Object.assign(object, other);
}
