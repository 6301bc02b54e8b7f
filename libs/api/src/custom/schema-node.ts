// A schema prepared for values that are held against it again and again: what it says of members is found once. Which value of an object
// that changes was there before goes by its structure (k8s.io/apiserver, pkg/cel/common/equality.go), so that what was let through
// once does not stand in the way of changes elsewhere.
import { deepEqual, isRecord } from '@berth/machinery';
import { additionalOf, itemsOf, propertyOf, type Schema } from './schema-parts.ts';
import { isFormatKnown } from './value-limits.ts';

const known = new WeakMap<Schema, SchemaNode>();

export class SchemaNode {
  readonly schema: Schema;
  readonly isCombined: boolean;
  /** Whether it says anything of a value's type, which a format does as well. */
  readonly hasType: boolean;
  readonly hasFormat: boolean;
  readonly additional: SchemaNode | 'any' | undefined;
  readonly items: SchemaNode | undefined;
  readonly #members = new Map<string, SchemaNode | undefined>();

  /** Schemas stay what they are. */
  static of(schema: Schema): SchemaNode {
    let node = known.get(schema);
    if (!node) {
      node = new SchemaNode(schema);
      known.set(schema, node);
    }
    return node;
  }

  private constructor(schema: Schema) {
    this.schema = schema;
    const { anyOf, oneOf, allOf, not, type } = schema;
    this.hasFormat = isFormatKnown(schema);
    this.hasType = type !== undefined || schema['x-kubernetes-int-or-string'] === true || this.hasFormat;
    this.isCombined = Boolean(anyOf?.length || oneOf?.length || allOf?.length || not);
    const [additional, items] = [additionalOf(schema), itemsOf(schema)];
    this.additional = typeof additional === 'object' ? SchemaNode.of(additional) : additional;
    this.items = items && SchemaNode.of(items);
  }

  /** Of a member that the schema names. */
  property(name: string): SchemaNode | undefined {
    const node = this.#members.get(name);
    if (node || this.#members.has(name)) return node;
    const schema = propertyOf(this.schema, name);
    // What it does not name may be anything, and is not to be remembered.
    if (!schema) return undefined;
    const made = SchemaNode.of(schema);
    this.#members.set(name, made);
    return made;
  }

  /** Of a member, named or not. */
  member(name: string): SchemaNode | undefined {
    return this.property(name) ?? (this.additional === 'any' ? undefined : this.additional);
  }

  /** @returns what finds the former item of an item of a list now; undefined where items cannot be told apart */
  formerItems(old: unknown): ((item: unknown) => unknown) | undefined {
    const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys } = this.schema;
    if (type !== 'map' || !keys || !Array.isArray(old)) return undefined;
    const keyOf = (item: unknown) =>
      isRecord(item) ? JSON.stringify(keys.map((key) => item[key] ?? this.items?.property(key)?.schema.default)) : undefined;
    const byKey = new Map<string | undefined, unknown>();
    for (const item of old) byKey.set(keyOf(item), item);
    return (item) => {
      const key = keyOf(item);
      return key === undefined ? undefined : byKey.get(key);
    };
  }

  /** Whether a value is what it was, as far as parts of it correspond to parts of the former one. */
  isUnchanged(value: unknown, old: unknown): boolean {
    if (value === old) return old !== undefined;
    if (Array.isArray(value)) return Array.isArray(old) && value.length === old.length && this.#hasSameItems(value, old);
    if (!isRecord(value) || !isRecord(old)) return deepEqual(value, old);
    const names = Object.keys(value);
    return names.length === Object.keys(old).length && names.every((name) => this.#hasSameMember(name, value, old));
  }

  #hasSameItems(value: unknown[], old: unknown[]): boolean {
    const former = this.formerItems(old);
    const { items } = this;
    if (!former || !items) return deepEqual(value, old);
    return value.every((item) => items.isUnchanged(item, former(item)));
  }

  #hasSameMember(name: string, value: Record<string, unknown>, old: Record<string, unknown>): boolean {
    return Object.hasOwn(old, name) && (this.member(name)?.isUnchanged(value[name], old[name]) ?? false);
  }
}
