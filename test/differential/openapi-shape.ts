// What of a document of OpenAPI is compared: all but words, and what Berth alone serves.
import { createHash } from 'node:crypto';
import { isRecord } from '@berth/machinery';

type Part = Record<string, unknown>;

/** Groups of Berth alone, and one that Kubernetes has no server of its own for. */
export const further = /berth\.io|metrics\.k8s\.io|\.(metrics|decisions|history)\.v/;

export function recordAt(document: Part, path: string): Part {
  const found = path.split('.').reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), document);
  return isRecord(found) ? found : {};
}

/** Parameters in their place: those that paths share are called after their words, which differ. */
export function withParameters(part: unknown, document: Part): unknown {
  if (Array.isArray(part)) return part.map((item) => withParameters(item, document));
  if (!isRecord(part)) return part;
  const { $ref } = part;
  if (typeof $ref === 'string' && $ref.startsWith(shared)) return recordAt(document, 'parameters')[$ref.slice(shared.length)];
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, withParameters(value, document)]));
}

const shared = '#/parameters/';

/**
 * A field may be named `description` as well: that is a schema and no text. Without words a reference needs nothing around it. Lists of
 * parameters and kinds have no order. Of options, which are of every group, those of groups that are off are left out.
 */
export function withoutWords(part: unknown, versions: Set<string>): unknown {
  if (Array.isArray(part)) {
    const items = part.filter((item) => !isOfOtherVersion(item, versions)).map((item) => withoutWords(item, versions));
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (!isRecord(part)) return part;
  const members = Object.entries(part).filter(([name, value]) => name !== 'description' || typeof value !== 'string');
  const [first] = members;
  if (members.length === 1 && first?.[0] === 'allOf' && Array.isArray(first[1]) && first[1].length === 1) return first[1][0];
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, withoutWords(value, versions)]));
}

function isOfOtherVersion(item: unknown, versions: Set<string>): boolean {
  if (!isRecord(item) || typeof item.group !== 'string' || !('version' in item) || !('kind' in item)) return false;
  return !versions.has(item.group === '' ? String(item.version) : `${item.group}/${item.version}`);
}

export const documentParts = ['paths', 'definitions', 'components.schemas', 'components.securitySchemes', 'securityDefinitions'];

/** Of a document without words, as far as Kubernetes has it: the same for both servers, whatever the order of its members. */
export function digestOf(document: Part, versions: Set<string>): string {
  const parts = documentParts.map((name) => {
    const members = Object.entries(recordAt(document, name)).filter(([member]) => !further.test(member));
    return withoutWords(withParameters(Object.fromEntries(members), document), versions);
  });
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
