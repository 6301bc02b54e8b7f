// YAML bodies as JSON values. Nobody may hold the server up with one: the parser takes time in proportion to the text, and
// what aliases multiply is counted while they are resolved.
import { parseJson, StatusError } from '@berth/machinery';
import { load } from 'js-yaml';

/** Up to here whatever it holds: YAML takes ten times as long as JSON, but of so little that is not long. */
const plainBytesMax = 1024 * 1024;
/** Lines, commas and dashes of what is larger; with that many, 3 MiB are read in 150 ms. */
const piecesMax = 60_000;
/** Values in a document, each as often as aliases repeat it. */
const valuesMax = 200_000;
const depthMax = 500;

const [tab, lineFeed, carriageReturn, space, comma, dash, mark] = [...'\t\n\r ,-?'].map((char) => char.charCodeAt(0));

/** @throws StatusError 400 or 413 */
export function decodeYaml(body: Buffer): unknown {
  if (body.length > plainBytesMax && pieces(body) > piecesMax) {
    throw StatusError.tooLarge(
      `a request body in YAML of more than ${plainBytesMax} bytes may have ${piecesMax} lines and items; send JSON`,
    );
  }
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

/** What the time to read a document goes by: each value but the first comes behind one of these. */
function pieces(body: Buffer): number {
  let count = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    const next = byte === dash || byte === mark ? body[at + 1] : undefined;
    if (byte === lineFeed || byte === carriageReturn || byte === comma || next === space || next === tab) count += 1;
  }
  return count;
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
