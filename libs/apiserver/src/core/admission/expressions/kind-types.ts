// The types of a kind's objects as expressions know them: for checks of policies about kinds that are served.
import type { MessageSchema, ScalarType, TypeSchema } from '@berth/machinery';
import type { ExpressionType } from '../../../cel/environment.ts';

const scalars: Record<ScalarType, string> = {
  ...{ string: 'string', Duration: 'string', bool: 'bool', int32: 'int', int64: 'int', double: 'double', bytes: 'bytes' },
  ...{ Time: 'google.protobuf.Timestamp', MicroTime: 'google.protobuf.Timestamp' },
  // Numbers or strings, and what may be anything.
  ...{ Quantity: 'dyn', IntOrString: 'dyn', RawExtension: 'dyn', JSON: 'dyn', FieldsV1: 'dyn', Untyped: 'dyn' },
};

/** Types with those that their fields have, each once; they may name each other. */
export class KindTypes {
  readonly types: ExpressionType[] = [];
  readonly #names = new Map<MessageSchema, string>();

  /** CEL's name of a message. */
  nameOf(message: MessageSchema): string {
    const known = this.#names.get(message);
    if (known !== undefined) return known;
    const name = `${message.name.replaceAll(/[^\w.]/g, '_')}${this.#names.size}`;
    this.#names.set(message, name);
    const type: ExpressionType = { name };
    this.types.push(type);
    if (!message.rest)
      type.fields = Object.fromEntries(Array.from(message.byName.values(), (field) => [field.name, this.#typeOf(field.schema)]));
    return name;
  }

  #typeOf(schema: TypeSchema): string {
    switch (schema.kind) {
      case 'scalar':
        return schema.alternatives ? 'dyn' : scalars[schema.scalar];
      case 'list':
        return `list<${this.#typeOf(schema.of)}>`;
      case 'map':
        return `map<string, ${this.#typeOf(schema.of)}>`;
      case 'message':
        return this.nameOf(schema.message);
    }
  }
}
