// Objects of a kind in another of its versions: converted as its definition says, and then held to what that version's schema knows.
import { apiVersionOf, deepClone, type KindConversion, type KindDefinition, type KubeObject } from '@berth/machinery';
import { prune, pruneNulls } from './pruning.ts';
import type { Schema } from './schema-parts.ts';

/** @param objects none of which has the apiVersion `to` @returns copies that have it, in the same order */
export type Converter = (objects: readonly KubeObject[], to: string) => Promise<KubeObject[]>;

/** Where definitions are read, and objects are not. */
export const unconverted: Converter = () =>
  Promise.reject(new Error('objects of this kind are converted by a webhook, which only the API server calls'));

/** @param schemas of all versions. @param converter absent where the versions differ in nothing but their name */
export function conversionOf(stored: KindDefinition, schemas: Map<KindDefinition, Schema>, converter?: Converter): KindConversion {
  const versions = [...schemas.keys()];
  const held = (object: KubeObject, to: KindDefinition) => heldTo(schemas.get(to), object);
  return {
    stored,
    versions,
    isPlain: converter === undefined,
    convert(objects, to) {
      const apiVersion = apiVersionOf(to);
      const others = objects.filter((object) => object.apiVersion !== apiVersion);
      if (others.length === 0) return [...objects];
      if (!converter)
        return merged(
          objects,
          others,
          others.map((object) => held({ ...deepClone(object), apiVersion }, to)),
        );
      return converter(others, apiVersion).then((converted) =>
        merged(
          objects,
          others,
          converted.map((object) => held(object, to)),
        ),
      );
    },
  };
}

/** @param object is changed */
function heldTo(schema: Schema | undefined, object: KubeObject): KubeObject {
  if (!schema) return object;
  const content = object as unknown as Record<string, unknown>;
  prune(schema, content);
  pruneNulls(schema, content);
  return object;
}

/** All of `objects` in their order, those among `others` as they were converted. */
function merged(objects: readonly KubeObject[], others: readonly KubeObject[], converted: readonly KubeObject[]): KubeObject[] {
  const by = new Map(others.map((object, i) => [object, converted[i]]));
  return objects.map((object) => by.get(object) ?? object);
}
