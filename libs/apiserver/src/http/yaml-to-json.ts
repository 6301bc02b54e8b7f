// A YAML document as JSON text, so that YAML can carry nothing that JSON cannot. The parser takes time in proportion to the text;
// what aliases multiply is counted before it is written out.
import { checkShape, StatusError } from '@berth/machinery';
import { CORE_SCHEMA, defineScalarTag, intCoreTag, loadAll } from 'js-yaml';

/** Values that aliases may repeat. */
const repeatedMax = 200_000;
/** As deep as JSON may be, and more: that is told of in JSON's words. */
const depthMax = 250;
/** Characters of JSON for a byte of YAML: without aliases no text has more than `[? ,? ]`, which is five. */
const growthMax = 5;
/** For short texts, which one alias may well double. */
const charactersMin = 1024 * 1024;

/** Of an integer that is read with all its digits: those of 64 bits have 20 at most, or as many bits in base two. */
const integerLengthMax = 70;

const exactIntTag = defineScalarTag<number | bigint>(intCoreTag.tagName, {
  implicit: true,
  implicitFirstChars: [...'-+0123456789'],
  resolve: (source, isExplicit, tagName) => {
    const value = intCoreTag.resolve(source, isExplicit, tagName);
    if (typeof value !== 'number' || Number.isSafeInteger(value) || source.length > integerLengthMax) return value;
    const exact = BigInt(source.replace(/^[-+]/, ''));
    return source.startsWith('-') ? -exact : exact;
  },
  identify: intCoreTag.identify,
  represent: String,
});
const schema = CORE_SCHEMA.withTags(exactIntTag);

/** @throws StatusError 400 */
export function yamlToJson(body: Uint8Array): string {
  const charactersMax = Math.max(charactersMin, growthMax * body.length);
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  let value: unknown;
  try {
    // As in Kubernetes, what follows the first document is not looked at, and none is an empty object.
    [value = null] = loadAll(text, { maxDepth: depthMax, schema }) as unknown[];
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw unreadable(repeatedKey(message, text) ?? message);
  }
  checkSize(value, charactersMax);
  checkShape(value);
  const json = JSON.stringify(value);
  if (json.length > charactersMax) throw tooLong(charactersMax);
  return json;
}

/** A key that is given twice, as Go's decoder tells of it: clients look for its words. */
function repeatedKey(message: string, text: string): string | undefined {
  const [, line, column] = /^duplicated mapping key \((\d+):(\d+)\)/.exec(message) ?? [];
  if (line === undefined) return undefined;
  const rest = text.split('\n', Number(line))[Number(line) - 1]?.slice(Number(column) - 1) ?? '';
  // The place is behind a quote, where there is one.
  const key = /^(.+?)["']?\s*:/.exec(rest)?.[1];
  return key === undefined ? undefined : `yaml: unmarshal errors:\n  line ${line}: key ${JSON.stringify(key)} already set in map`;
}

/** Without recursion, since nesting is the client's choice; an alias to what it stands in is endless depth. */
function checkSize(root: unknown, charactersMax: number): void {
  const seen = new Set<object>();
  const values = [root];
  const depths = [0];
  let repeated = 0;
  let characters = 0;
  while (values.length > 0) {
    const value = values.pop();
    const depth = depths.pop() ?? 0;
    if (typeof value === 'string') characters += value.length;
    if (characters > charactersMax) throw tooLong(charactersMax);
    if (value === null || typeof value !== 'object') continue;
    if (depth > depthMax) throw unreadable(`the document is nested deeper than ${depthMax} levels`);
    const isRepeated = seen.has(value);
    seen.add(value);
    const inner: unknown[] = Object.values(value);
    if (isRepeated) repeated += 1 + inner.length;
    if (repeated > repeatedMax) throw unreadable(`the aliases of the document repeat more than ${repeatedMax} values`);
    if (!Array.isArray(value)) for (const key of Object.keys(value)) characters += key.length;
    for (const item of inner) {
      values.push(item);
      depths.push(depth + 1);
    }
  }
}

function tooLong(charactersMax: number): StatusError {
  return unreadable(`the document is longer than ${charactersMax} characters once its aliases are resolved`);
}

function unreadable(detail: string): StatusError {
  return StatusError.badRequest(`error converting YAML to JSON: ${detail}`);
}
