// Indented JSON for people who look at answers with curl, wget or a browser; programs get none unless they ask for it. When is
// kube-apiserver's rule: what `pretty` says, else the kind of client.
import { apiVersionOf, isUserDefined, type KindDefinition, parseExact } from '@berth/machinery';
import { type EncodedList, listMetadata } from '../core/list-encoding.ts';
import type { ServedRequest } from '../core/served-message.ts';
import type { Encoded, ListAnswer } from '../core/types.ts';

const indent = '  ';
const clientsOfPeople = ['curl', 'Wget', 'Mozilla/5.0'];
/** As Go's strconv.ParseBool reads them; whatever else is given asks for none. */
const asked = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

export function wantsIndented({ url = '', headers }: ServedRequest): boolean {
  const pretty = url.includes('pretty=') && new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('pretty');
  if (pretty) return asked.has(pretty);
  const agent = headers['user-agent'] ?? '';
  return clientsOfPeople.some((client) => agent.startsWith(client));
}

export function indentedJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, undefined, indent));
}

/** The same members in the same order. */
export function indentedBytes({ bytes }: Encoded): Buffer {
  return indentedJson(parsed(bytes));
}

function parsed(bytes: Uint8Array): unknown {
  return parseExact(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
}

/** Items do not repeat what the list says. */
function withoutType(item: unknown): unknown {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = item as Record<string, unknown>;
  return rest;
}

/** Object by object, so that a long list holds nobody up. */
export function indentedList(kind: KindDefinition, list: ListAnswer): EncodedList {
  const head = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata: listMetadata(list, kind) };
  return { byteLength: undefined, pieces: indentedPieces(head, list, isUserDefined(kind)) };
}

function* indentedPieces(head: object, { entries }: ListAnswer, areTyped: boolean): Generator<Uint8Array> {
  const text = JSON.stringify(head, undefined, indent);
  yield Buffer.from(`${text.slice(0, text.lastIndexOf('\n'))},\n${indent}"items": [`);
  const line = `\n${indent}${indent}`;
  for (const [index, { bytes }] of entries.entries()) {
    const item = areTyped ? parsed(bytes) : withoutType(parsed(bytes));
    yield Buffer.from(`${index > 0 ? ',' : ''}${line}${JSON.stringify(item, undefined, indent).replaceAll('\n', line)}`);
  }
  yield Buffer.from(entries.length > 0 ? `\n${indent}]\n}` : ']\n}');
}
