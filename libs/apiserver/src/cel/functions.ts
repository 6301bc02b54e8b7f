// How functions are declared to the library that evaluates CEL. Some of its own differ from CEL's, or may take too long;
// it lets none be redeclared, so ours go by another name, and calls are led to them when an expression is compiled.

/** A signature as the library reads it, such as `string.charAt(int): string`, and what it calls; values are as it holds them. */
export type CelFunction = [signature: string, handler: (...values: never[]) => unknown];

const replacedPrefix = 'cel_';
/** Filled as the functions are declared, before anything is compiled. */
const replacedNames = new Set<string>();

/** The signature of a function that stands in for the library's. */
export function replaced(signature: string): string {
  return signature.replace(/\w+(?=\()/, (name) => {
    replacedNames.add(name);
    return replacedPrefix + name;
  });
}

/** What a call of this method is to be a call of. */
export function standIn(name: string): string {
  return replacedNames.has(name) ? replacedPrefix + name : name;
}

/** Without names that nobody wrote. */
export function readable(message: string): string {
  return message.replaceAll(new RegExp(`\\b${replacedPrefix}(?=\\w+\\()`, 'g'), '');
}
