// Parameters that operations of the API take.

export interface KnownParameter {
  name: string;
  in: 'query' | 'path';
  type: 'string' | 'integer' | 'boolean';
  description: string;
}

/** One, or all those that a message has as its fields. */
export type Parameter = KnownParameter | { optionsOf: string };

const query = (name: string, type: KnownParameter['type'], description: string): KnownParameter => ({
  name,
  in: 'query',
  type,
  description,
});
const place = (name: string, description: string): KnownParameter => ({ name, in: 'path', type: 'string', description });

export const nameParameter = place('name', 'The name of the object.');
export const namespaceParameter = place('namespace', 'The namespace of the object.');
export const pathParameter = place('path', 'The path behind the proxy.');
export const proxyPathParameter = query('path', 'string', 'The path behind the proxy.');
export const prettyParameter = query('pretty', 'string', 'Whether the answer is indented.');
export const versionParameter = query('resourceVersion', 'string', 'The version to read or to watch from.');
export const forceParameter = query('force', 'boolean', 'Takes fields over from other managers; server-side apply only.');

export const writeParameters = [
  query('dryRun', 'string', 'With All, nothing is stored.'),
  query('fieldManager', 'string', 'Who makes this change.'),
  query('fieldValidation', 'string', 'What becomes of unknown fields: Ignore, Warn or Strict.'),
];

export const listParameters = [
  query('allowWatchBookmarks', 'boolean', 'Whether a watch may send bookmarks.'),
  query('continue', 'string', 'Where the next page begins.'),
  query('fieldSelector', 'string', 'Which objects, by field.'),
  query('labelSelector', 'string', 'Which objects, by label.'),
  query('limit', 'integer', 'Objects a page.'),
  versionParameter,
  query('resourceVersionMatch', 'string', 'How exactly resourceVersion is meant.'),
  query('sendInitialEvents', 'boolean', 'Whether a watch begins with what exists.'),
  query('timeoutSeconds', 'integer', 'When the call ends.'),
  query('watch', 'boolean', 'Whether changes follow.'),
];

export const deleteParameters = [
  query('dryRun', 'string', 'With All, nothing is stored.'),
  query('gracePeriodSeconds', 'integer', 'How long the object may take to end.'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean', 'Whether an object goes that cannot be read.'),
  query('orphanDependents', 'boolean', 'Former way to say propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];
