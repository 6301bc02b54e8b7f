// YAML bodies as JSON values. Nobody may hold the server up with one: the parser takes time in proportion to the text, and
// what aliases multiply is counted while they are resolved.
import { parseJson, StatusError } from '@berth/machinery';
import { load } from 'js-yaml';

/** YAML takes ten times as long as JSON, and nobody sends much of it: kubectl and helm send JSON. */
const yamlBytesMax = 1024 * 1024;
/** Values in a document, each as often as aliases repeat it. */
const valuesMax = 200_000;
const depthMax = 500;

/** @throws StatusError 400 or 413 */
export function decodeYaml(body: Buffer): unknown {
  if (body.length > yamlBytesMax)
    throw StatusError.tooLarge(`a request body in YAML is too large: the limit is ${yamlBytesMax} bytes; send JSON`);
  let value: unknown;
  try {
    value = load(body.toString('utf8'));
  } catch (error) {
    throw unreadable(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  checkSize(value);
  // Through JSON, so that YAML can carry nothing that JSON cannot.
  return parseJson(JSON.stringify(value ?? null));
}

/** Without recursion, since nesting is the client's choice; an alias to what it stands in is endless depth. */
function checkSize(root: unknown): void {
  const left: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  let values = 0;
  for (let next = left.pop(); next; next = left.pop()) {
    values += 1;
    if (values > valuesMax) throw unreadable(`the document has more than ${valuesMax} values once its aliases are resolved`);
    if (next.depth > depthMax) throw unreadable(`the document is nested deeper than ${depthMax} levels`);
    const { value, depth } = next;
    if (value === null || typeof value !== 'object') continue;
    for (const inner of Object.values(value)) left.push({ value: inner, depth: depth + 1 });
  }
}

function unreadable(detail: string): StatusError {
  return StatusError.badRequest(`error converting YAML to JSON: ${detail}`);
}
