// What expressions of mutations can spell out (k8s.io/apiserver, pkg/cel/mutation): parts of an object, of which each type is named by the
// way to it (`Object.spec.template`), and operations of a JSON patch.
import type { ExpressionType, Extension } from '../../../cel/environment.ts';

export const objectType = 'Object';
export const jsonPatchType = 'JSONPatch';

/** What `jsonpatch` is in `jsonpatch.escapeKey(…)`. */
class JsonPatches {}

function escapeKey(_patches: JsonPatches, key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

export const patchTypes: Extension & { types: ExpressionType[] } = {
  types: [{ name: 'JsonPatches', ctor: JsonPatches }],
  constants: { jsonpatch: { type: 'JsonPatches', value: new JsonPatches() } },
  functions: () => [['JsonPatches.escapeKey(string): string', escapeKey]],
  structs: (name) => {
    if (name === jsonPatchType) return { op: 'string', path: 'string', from: 'string', value: 'dyn' };
    return name === objectType || name.startsWith(`${objectType}.`) ? 'any' : undefined;
  },
};
