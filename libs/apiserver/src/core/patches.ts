// PATCH: what a patch makes of an object, read as one of its kind. What is wrong is told as kube-apiserver tells it, which is
// otherwise than of a body: what was patched, or the patch, is shown as the value that is invalid.
import {
  apiVersionOf,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  goJsonName,
  goKind,
  goText,
  isRecord,
  type KindDefinition,
  type KubeObject,
  PatchError,
  StatusError,
  type TypeProblem,
} from '@berth/machinery';
import { problem, type ReadBody, readBody } from './body.ts';
import type { WriteSettings } from './types.ts';

/** How kubectl and client-go name the ways to patch. */
export type PatchKind = 'json' | 'merge' | 'strategic';

/** Kinds that users define have no types whose lists could be merged by keys. */
const mergesByType =
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';

const unreadableType = "couldn't get version/kind; json parse error: ";

/** In place of a patch whose text cannot be read: nobody asks what is in it before there is an object to patch. */
export class UnreadablePatch {
  readonly error: StatusError;

  constructor(error: StatusError) {
    this.error = error;
  }
}

/** What an operation of a JSON patch may have. */
const operationMembers = new Set(['op', 'path', 'from', 'value']);
/** How Go prints the type that it looks for a kind and a version in. */
export const anyObject = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** @throws StatusError 400 for what is no patch of this type, 422 for what does not apply or makes no object of this kind */
export function readPatched(kind: KindDefinition, type: PatchKind, old: KubeObject, patch: unknown, settings: WriteSettings): ReadBody {
  if (type === 'strategic' && kind.readContent) throw StatusError.unsupportedMediaType(mergesByType);
  if (patch instanceof UnreadablePatch) throw patch.error;
  // Patching and reading leave the old object alone, and share nothing of it with what comes out but its frozen managedFields.
  const patched = applyPatch(kind, type, old, patch, settings);
  const refused = (detail: string) => {
    // A strategic merge patch is shown as Go prints it, of the others what they make.
    const value = type === 'strategic' ? goText(patch) : JSON.stringify(patched);
    return StatusError.invalid({ group: '', kind: '' }, '', [{ type: 'Invalid', field: 'patch', value, detail }]);
  };
  if (!isRecord(patched)) {
    const into = `json: cannot unmarshal ${goJsonName(patched)} into Go value of type ${anyObject}`;
    throw refused(unreadableType + into);
  }
  for (const name of ['apiVersion', 'kind']) {
    const problem = notText(name, patched[name]);
    if (problem) throw refused(type === 'strategic' ? restoreProblem(problem) : unreadableType + problem.detail);
  }
  return readBody(kind, patched, settings, {
    repeated:
      type === 'json' ? [...repeated(settings), ...unknownMembers(patch)].map((problem) => `json patch ${problem}`) : repeated(settings),
    sortsUnknown: true,
    // JSON is written again with its members in order before it is decoded; a merged object is copied field by field.
    decodes: type === 'strategic' ? 'schema' : 'sorted',
    refusedTypes: (error) =>
      refused(type === 'strategic' ? restoreProblem(error) : error.type === 'Invalid' ? problem(error) : error.detail),
    refusedValue: refused,
    refusedFields: (problems) => refused(`strict decoding error: ${problems.join(', ')}`),
  });
}

function repeated({ duplicates = [] }: WriteSettings): string[] {
  return duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
}

function unknownMembers(patch: unknown): string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation, i) => {
    const unknown = Object.keys((operation as object | null) ?? {}).filter((name) => !operationMembers.has(name));
    return unknown.map((name) => `unknown field "[${i}].${name}"`);
  });
}

function applyPatch(kind: KindDefinition, type: PatchKind, old: KubeObject, patch: unknown, settings: WriteSettings): unknown {
  if (type === 'merge' && settings.fieldValidation === 'Ignore' && !isRecord(patch)) {
    // It is decoded beforehand only to look for unknown fields; unseen, an array takes the object's place.
    if (!Array.isArray(patch)) throw StatusError.badRequest('Invalid JSON Patch');
    return patch.filter((item) => item !== null);
  }
  if (type !== 'json' && !isRecord(patch) && patch !== null) {
    const title = type === 'merge' ? 'error decoding patch: ' : '';
    throw StatusError.badRequest(`${title}json: cannot unmarshal ${goJsonName(patch)} into Go value of type map[string]interface {}`);
  }
  if (type === 'merge') {
    if (patch === null) throw StatusError.badRequest('Invalid JSON Patch');
    return applyMergePatch(old, patch);
  }
  if (type === 'strategic') {
    // It is read into the object's own type, whatever the patch says that it is.
    const merged = applyStrategicMergePatch(kind.schema, old, patch ?? {});
    return isRecord(merged) ? { ...merged, ...ownType(kind, merged) } : merged;
  }
  try {
    return applyJsonPatch(old, patch);
  } catch (error) {
    // Kubernetes keeps it to itself; here a warning tells.
    if (error instanceof PatchError) settings.noteWarnings?.([`the patch does not apply: ${error.why}`]);
    throw error;
  }
}

function ownType(kind: KindDefinition, { apiVersion, kind: name }: Record<string, unknown>): object {
  const isText = (value: unknown) => typeof value === 'string' || value === undefined || value === null;
  return { apiVersion: isText(apiVersion) ? apiVersionOf(kind) : apiVersion, kind: isText(name) ? kind.kind : name };
}

/** What is said to be a kind or a version, and is no text. */
function notText(name: string, value: unknown): TypeProblem | undefined {
  if (typeof value === 'string' || value === undefined || value === null) return undefined;
  const detail = `json: cannot unmarshal ${goJsonName(value)} into Go struct field .${name} of type string`;
  return { type: 'Invalid', field: name, value, detail, base: 'string', stops: false };
}

/** After a strategic merge Kubernetes does not decode JSON but copies values, and says of them what kind they are. */
function restoreProblem({ value, detail, base }: TypeProblem): string {
  const given = goKind(value);
  if (base === 'bytes' && typeof value === 'string') return `error decoding from json: ${detail}`;
  if (!detail.startsWith('json: cannot unmarshal')) return detail;
  if (base === 'slice') return `cannot restore slice from ${given}`;
  if (base === 'map') return `cannot restore map from ${given}`;
  if (base === 'struct') return `cannot restore struct from: ${given}`;
  // Types that decode themselves do so from JSON here, too.
  if (!/^(string|bool|int32|int64|float64)$/.test(base)) return detail.replace(/Go struct field \S+/, 'Go value');
  const isConvertible = (given === 'int64' && base === 'string') || (given === 'float64' && base.startsWith('int'));
  return isConvertible ? `cannot convert ${given} to ${/\S+$/.exec(detail)?.[0] ?? base}` : `unrecognized type: ${base}`;
}
