// Berth's own: a claim so annotated, or a pod for its emptyDirs, has volumes that start out with what an image holds where they are mounted.
export const populateAnnotation = 'berth.io/populate';

/** What is wrong with the annotation, if it is there. */
export function populateWarnings(annotations: Readonly<Record<string, string>> | undefined, field = 'metadata'): string[] {
  const value = annotations?.[populateAnnotation];
  if (value === undefined || value === 'image') return [];
  return [`${field}.annotations[${populateAnnotation}]: ${JSON.stringify(value)} does nothing: only "image" fills volumes`];
}
