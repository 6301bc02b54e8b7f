export { generateTypes } from './generate-types.ts';
export { readDefinitions } from './read-definitions.ts';
