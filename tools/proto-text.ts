// Writes a protobuf descriptor as a .proto file, for people and for other tools; the descriptor stays the source.
import type protobuf from 'protobufjs';

interface Node {
  fields?: Record<string, { type: string; id: number; rule?: string; keyType?: string; options?: Record<string, unknown> }>;
  values?: Record<string, number>;
  methods?: Record<string, { requestType: string; responseType: string; requestStream?: boolean; responseStream?: boolean }>;
  nested?: Record<string, Node>;
}

/** @param packageName dotted; where in the descriptor the declarations are. */
export function protoText(descriptor: protobuf.INamespace, packageName: string): string {
  let node = descriptor as Node;
  for (const part of packageName.split('.')) {
    const inner = node.nested?.[part];
    if (!inner) throw new Error(`the descriptor has no package ${packageName}`);
    node = inner;
  }
  const lines = ['syntax = "proto3";', `package ${packageName};`];
  for (const [name, item] of Object.entries(node.nested ?? {})) lines.push('', ...declaration(name, item));
  return `${lines.join('\n')}\n`;
}

function declaration(name: string, node: Node): string[] {
  if (node.values) return [`enum ${name} {`, ...Object.entries(node.values).map(([key, value]) => `  ${key} = ${value};`), '}'];
  if (node.methods) {
    const methods = Object.entries(node.methods).map(([method, m]) => {
      const request = `${m.requestStream ? 'stream ' : ''}${m.requestType}`;
      const response = `${m.responseStream ? 'stream ' : ''}${m.responseType}`;
      return `  rpc ${method}(${request}) returns (${response});`;
    });
    return [`service ${name} {`, ...methods, '}'];
  }
  const nested = Object.entries(node.nested ?? {}).flatMap(([inner, item]) => declaration(inner, item).map((line) => `  ${line}`));
  const fields = Object.entries(node.fields ?? {}).map(([field, f]) => {
    const type = f.keyType ? `map<${f.keyType}, ${f.type}>` : `${f.rule ? `${f.rule} ` : ''}${f.type}`;
    return `  ${type} ${field} = ${f.id};`;
  });
  return [`message ${name} {`, ...nested, ...fields, '}'];
}
