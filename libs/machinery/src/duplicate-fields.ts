// Fields that a JSON text gives more than once. JSON.parse keeps the last one and says nothing, so the text is read again.

const duplicatesMax = 100;
const colon = 0x3a;
const quote = 0x22;
const backslash = 0x5c;
/** Strings and structure; numbers and literals in between need no look. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

interface Level {
  /** Of an object; absent for an array. */
  keys?: Set<string>;
  key: string;
  expectsKey: boolean;
  index: number;
}

/** Paths such as `spec.containers[0].image`. @param text valid JSON */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  for (const [token] of text.matchAll(tokens)) {
    const level = levels.at(-1);
    if (token === '{') levels.push({ keys: new Set(), key: '', expectsKey: true, index: 0 });
    else if (token === '[') levels.push({ key: '', expectsKey: false, index: 0 });
    else if (token === '}' || token === ']') levels.pop();
    else if (!level) continue;
    else if (token === ',') {
      level.index += 1;
      level.expectsKey = level.keys !== undefined;
    } else if (level.keys && level.expectsKey) {
      level.expectsKey = false;
      level.key = token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1);
      if (level.keys.has(level.key) && found.length < duplicatesMax) found.push(pathOf(levels));
      level.keys.add(level.key);
    }
  }
  return [...new Set(found)];
}

function pathOf(levels: Level[]): string {
  return levels.reduce((path, { keys, key, index }) => {
    if (!keys) return `${path}[${index}]`;
    return path ? `${path}.${key}` : key;
  }, '');
}

/** How many members all objects in it have, repeated ones as well: each has one colon outside of strings. @param text valid JSON */
export function memberCount(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === colon) count += 1;
    else if (char === quote) at = endOfString(text, at + 1);
  }
  return count;
}

function endOfString(text: string, start: number): number {
  let at = start;
  for (let char = text.charCodeAt(at); at < text.length && char !== quote; char = text.charCodeAt(at)) at += char === backslash ? 2 : 1;
  return at;
}
