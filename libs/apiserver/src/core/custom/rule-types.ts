// Whether a rule makes sense is asked with the types that its schema declares; it is evaluated without them, as values may be absent or
// of another type whatever a schema says (k8s.io/apiextensions-apiserver, pkg/apiserver/schema/cel/compilation.go).
import type { JSONSchemaProps } from '@berth/api';
import type { DeclaredType } from '../../cel/declared-type.ts';
import { type Expression, ExpressionEnvironment, type ExpressionType } from '../../cel/environment.ts';
import { ExpressionError } from '../../cel/expression-error.ts';
import { compilationError } from '../../cel/go-words.ts';
import { declaredType } from './declared-schema.ts';

type Schema = JSONSchemaProps;
type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];

let language: ExpressionEnvironment | undefined;
let withoutTypes: ExpressionEnvironment | undefined;

function untyped(): ExpressionEnvironment {
  withoutTypes ??= new ExpressionEnvironment({ self: 'dyn', oldSelf: 'dyn' });
  return withoutTypes;
}

/** Expressions about values of one schema. */
export class RuleTypes {
  readonly #types: ExpressionType[] = [];
  readonly #self: string;
  #plain: ExpressionEnvironment | undefined;
  #optional: ExpressionEnvironment | undefined;

  /** @param isResource whether it has a kind and a name, which need not be declared */
  constructor(schema: Schema, isResource: boolean) {
    const type = declaredType(schema, isResource);
    this.#self = type ? this.#nameOf(type) : 'dyn';
  }

  /** @throws ExpressionError in Kubernetes' words for a rule that is no condition */
  checkCondition(rule: Rule): void {
    const { type, isOpen } = this.#compile(rule.rule, rule, 'compilation failed');
    if (type !== 'bool' && (type !== 'dyn' || isOpen)) throw new ExpressionError('cel expression must evaluate to a bool');
  }

  /** @throws ExpressionError in Kubernetes' words for a message that is no text */
  checkMessage(rule: Rule): void {
    if (!rule.messageExpression) return;
    const { type, isOpen } = this.#compile(rule.messageExpression, rule, 'messageExpression compilation failed');
    if (type !== 'string' && (type !== 'dyn' || isOpen)) throw new ExpressionError('messageExpression must evaluate to a string');
  }

  #compile(source: string, rule: Rule, title: string): Expression {
    try {
      return this.#environmentOf(rule).compile(source);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      // An object may be null, which the library knows of comparisons alone.
      if (/^Ternary branches must .*'null'/.test(error.message)) return untyped().compile(source);
      throw new ExpressionError(`${title}: ${compilationError(source, error)}`, error.fault);
    }
  }

  #environmentOf({ optionalOldSelf }: Rule): ExpressionEnvironment {
    if (optionalOldSelf) {
      this.#optional ??= this.#environment(`optional<${this.#self}>`);
      return this.#optional;
    }
    this.#plain ??= this.#environment(this.#self);
    return this.#plain;
  }

  #environment(oldSelf: string): ExpressionEnvironment {
    language ??= new ExpressionEnvironment({});
    return new ExpressionEnvironment({ self: this.#self, oldSelf }, { types: this.#types }, language);
  }

  /** Numbered: the library keeps names for good, and so there are no more than the largest schema has objects. */
  #nameOf({ kind, elem, fields }: DeclaredType): string {
    switch (kind) {
      case 'list':
        return `list<${elem ? this.#nameOf(elem) : 'dyn'}>`;
      case 'map':
        return `map<string, ${elem ? this.#nameOf(elem) : 'dyn'}>`;
      case 'timestamp':
        return 'google.protobuf.Timestamp';
      case 'duration':
        return 'google.protobuf.Duration';
      case 'object': {
        const type: ExpressionType = { name: `selfType${this.#types.length}` };
        this.#types.push(type);
        type.fields = Object.fromEntries(Array.from(fields ?? [], ([name, field]) => [name, this.#nameOf(field)]));
        return type.name;
      }
      case 'string':
      case 'bytes':
      case 'int':
      case 'double':
      case 'bool':
        return kind;
      default:
        return 'dyn';
    }
  }
}
