// Objects of kinds that users define in several versions, as each version shows them.
export { shownEntries, shownEntry } from './shown-entries.ts';
export { ShownWatch } from './shown-watch.ts';
export { decideInVersion } from './version-decisions.ts';
