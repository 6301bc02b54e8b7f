// Messages, lists and maps of which entries may be absent, as the macros that literal-syntax.ts writes for them. Which messages there are
// says the environment; without any, none can be spelled out.
import { Optional, type OverlayContext, type TypeDeclaration } from '@marcbachmann/cel-js';
import { ExpressionError } from './expression-error.ts';
import { faultPosition } from './fault-position.ts';
import { typeName } from './go-words.ts';
import { listMacro, mapMacro, structMacro } from './literal-syntax.ts';
import type { TreeNode } from './syntax-tree.ts';

/** A message that an expression has made. Of each type there is a class, by which the library tells types apart. */
export abstract class StructValue extends Map<string, unknown> {
  abstract readonly typeName: string;
}

export type StructClass = new () => StructValue;

export function structClass(name: string): StructClass {
  return class extends StructValue {
    get typeName() {
      return name;
    }
  };
}

type Entry = [key: TreeNode, value: TreeNode];

interface Checker {
  check(node: unknown, context: OverlayContext): TypeDeclaration;
  getType(name: string): TypeDeclaration;
  objectTypes: ReadonlyMap<string, { ctor: unknown; fields?: Record<string, TypeDeclaration> }>;
  registry: {
    getListType(of: TypeDeclaration): TypeDeclaration;
    getMapType(keys: TypeDeclaration, values: TypeDeclaration): TypeDeclaration;
  };
}

interface Evaluator {
  run(node: unknown, context: OverlayContext): unknown;
}

function fault(message: string, node: TreeNode | undefined, position = faultPosition(node)): ExpressionError {
  return new ExpressionError(message, { isSyntax: false, position });
}

/** As cel-go writes it where types do not fit. */
function shown(type: TypeDeclaration): string {
  return typeName(type.hasPlaceholderType ? 'dyn' : type.name).replaceAll('null_type', 'null');
}

/** What cel-go holds a scalar as. */
function goType(value: unknown): string {
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return 'float64';
  return typeof value === 'boolean' ? 'bool' : value === null ? 'structpb.NullValue' : 'interface {}';
}

/** The type of what an optional value holds. @throws ExpressionError for a value that is not optional */
function heldType(checker: Checker, node: TreeNode, context: OverlayContext): TypeDeclaration {
  const type = checker.check(node, context);
  if (type.kind === 'optional') return type.valueType ?? checker.getType('dyn');
  if (type.kind === 'dyn') return type;
  throw fault(`expected type 'optional_type(${shown(type)})' but found '${shown(type)}'`, node);
}

function held(value: unknown, what: string): Optional {
  if (value instanceof Optional) return value;
  throw new ExpressionError(`cannot initialize optional ${what} from non-optional value ${String(value)}`);
}

function structOf({ args: [given, map] }: { args: [TreeNode, TreeNode] }) {
  const name = String(given.args);
  const fields = (map.args as Entry[]).map(([key, value]) => {
    const text = String(key.args);
    return { name: text.replace(/^\?/, ''), isOptional: text.startsWith('?'), key, value };
  });
  let made: StructClass | undefined;
  let wanted: Record<string, TypeDeclaration> = {};
  return {
    // Only what the macro looks at: keys are no values.
    fields,
    typeCheck(checker: Checker, _self: unknown, context: OverlayContext): TypeDeclaration {
      const type = checker.objectTypes.get(name);
      if (!type || !((type.ctor as { prototype: unknown }).prototype instanceof StructValue)) throw fault(`Unknown variable: ${name}`, map);
      made = type.ctor as StructClass;
      wanted = type.fields ?? {};
      for (const field of fields) {
        const given = field.isOptional ? heldType(checker, field.value, context) : checker.check(field.value, context);
        const declared = wanted[field.name];
        if (!type.fields || (declared && (declared.kind === 'dyn' || given.kind === 'dyn' || given === declared))) continue;
        const is = `is '${declared ? shown(declared) : ''}' but provided type is '${shown(given)}'`;
        // cel-go points at the colon, which follows the key.
        throw fault(`expected type of field '${field.name}' ${is}`, undefined, (field.key as { end?: number }).end);
      }
      return checker.getType(name);
    },
    evaluate(evaluator: Evaluator, _self: unknown, context: OverlayContext): unknown {
      if (!made) throw new ExpressionError(`no such message: ${name}`);
      const struct = new made();
      for (const { name: field, isOptional, value } of fields) {
        const given = evaluator.run(value, context);
        const present = isOptional ? held(given, `field '${field}'`) : undefined;
        if (present && !present.hasValue()) continue;
        const kept = present ? present.value() : given;
        if (wanted[field]?.kind === 'primitive' && wanted[field].name === 'string' && typeof kept !== 'string')
          throw new ExpressionError(`unexpected type ${goType(kept)} for ${name}Type '${field}' field`);
        struct.set(field, kept);
      }
      return struct;
    },
  };
}

function optionalPlaces(node: TreeNode): Set<number> {
  return new Set((node.args as TreeNode[]).map(({ args }) => Number(args)));
}

function unified(checker: Checker, types: TypeDeclaration[], empty: string): TypeDeclaration {
  const [first = checker.getType(empty), ...others] = types;
  return others.every((type) => type === first) ? first : checker.getType('dyn');
}

function listOf({ args: [list, places] }: { args: [TreeNode, TreeNode] }) {
  const items = list.args as TreeNode[];
  const optional = optionalPlaces(places);
  return {
    items,
    typeCheck(checker: Checker, _self: unknown, context: OverlayContext): TypeDeclaration {
      const types = items.map((item, index) => (optional.has(index) ? heldType(checker, item, context) : checker.check(item, context)));
      return checker.registry.getListType(unified(checker, types, 'dyn'));
    },
    evaluate(evaluator: Evaluator, _self: unknown, context: OverlayContext): unknown {
      return items.flatMap((item, index) => {
        const value = evaluator.run(item, context);
        if (!optional.has(index)) return [value];
        const present = held(value, 'list element');
        return present.hasValue() ? [present.value()] : [];
      });
    },
  };
}

function mapOf({ args: [map, places] }: { args: [TreeNode, TreeNode] }) {
  const entries = map.args as Entry[];
  const optional = optionalPlaces(places);
  return {
    entries,
    typeCheck(checker: Checker, _self: unknown, context: OverlayContext): TypeDeclaration {
      const keys = entries.map(([key]) => checker.check(key, context));
      const values = entries.map(([, value], index) =>
        optional.has(index) ? heldType(checker, value, context) : checker.check(value, context),
      );
      return checker.registry.getMapType(unified(checker, keys, 'dyn'), unified(checker, values, 'dyn'));
    },
    evaluate(evaluator: Evaluator, _self: unknown, context: OverlayContext): unknown {
      const made = new Map<unknown, unknown>();
      for (const [index, [key, value]] of entries.entries()) {
        const name = evaluator.run(key, context);
        const given = evaluator.run(value, context);
        const present = optional.has(index) ? held(given, `entry '${String(name)}'`) : undefined;
        if (!present) made.set(name, given);
        else if (present.hasValue()) made.set(name, present.value());
      }
      return made;
    },
  };
}

export const literalMacros = [
  [`${structMacro}(ast, ast): dyn`, structOf],
  [`${listMacro}(ast, ast): dyn`, listOf],
  [`${mapMacro}(ast, ast): dyn`, mapOf],
] as const;

/** Whether it stands for a literal, whose parts have the types that its macro says. */
export function isLiteralMacro({ op, args }: TreeNode): boolean {
  return op === 'call' && Array.isArray(args) && [structMacro, listMacro, mapMacro].includes(String(args[0]));
}
