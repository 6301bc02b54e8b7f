// Values whose objects have their members in order of the names, as Go writes maps: what is hashed, and what clients compare byte by
// byte (kubectl and others take a ControllerRevision for that of a template when its data is what they would have written).
export function inNameOrder(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(inNameOrder);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, inNameOrder(member)]));
}
