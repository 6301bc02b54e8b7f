// What a .dockerignore leaves out of a build's context: patterns as Docker reads them (each is cleaned, a `!` takes back in, the last one
// that fits decides, what is below a folder that is out is out unless taken back in). Pure, and in time proportional to the path, whatever
// the pattern: files of this name come with sources of others.
import { RE2JS } from 're2js';

export interface IgnoreRules {
  /** @param path relative, with slashes */
  isIgnored(path: string): boolean;
  /** Whether nothing below a folder that is out can be in, so that it need not be read. */
  isClosed(folder: string): boolean;
}

interface Rule {
  isException: boolean;
  pattern: RE2JS;
  /** Its parts, for telling whether it may reach below a folder. */
  text: string;
}

export class IgnoreFileError extends Error {}

const fileBytesMax = 1024 * 1024;

/** @throws IgnoreFileError naming the line */
export function ignoreRules(text: string): IgnoreRules {
  if (text.length > fileBytesMax) throw new IgnoreFileError(`.dockerignore is longer than ${fileBytesMax} bytes`);
  const rules = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index) => ruleOf(line, index + 1));
  const exceptions = rules.filter(({ isException }) => isException);
  const isIgnored = (path: string) => {
    const parts = path.split('/');
    const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    let isOut = false;
    for (const { isException, pattern } of rules) {
      if (isOut === !isException) continue;
      if (folders.some((folder) => pattern.matches(folder))) isOut = !isException;
    }
    return isOut;
  };
  return { isIgnored, isClosed: (folder) => !exceptions.some(({ text: wanted }) => mayReachBelow(wanted, folder)) };
}

function ruleOf(line: string, number: number): Rule[] {
  if (line.startsWith('#')) return [];
  const trimmed = line.trim();
  if (trimmed === '') return [];
  const isException = trimmed.startsWith('!');
  const text = cleaned(isException ? trimmed.slice(1).trim() : trimmed);
  if (text === '' && isException)
    throw new IgnoreFileError(`.dockerignore, line ${number}: "!" is followed by nothing: name what is taken back in`);
  if (text === '.' || text === '') return [];
  return [{ isException, text, pattern: patternOf(text, number) }];
}

/** Slashes and dots as Go's filepath.Clean leaves them; a slash in front means nothing. */
function cleaned(text: string): string {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

const special = /[.+()|{}$^]/;

/** Each `*` stays within a name; `**` does not. */
function patternOf(text: string, number: number): RE2JS {
  let source = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '*' && text.charAt(at + 1) === '*') {
      while (text.charAt(at + 1) === '*') at++;
      if (text.charAt(at + 1) === '/') at++;
      source += at + 1 >= text.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = text.indexOf(']', at + 2);
      if (end < 0)
        throw new IgnoreFileError(
          `.dockerignore, line ${number}: ${JSON.stringify(text)} opens a set of characters with [ and does not end it`,
        );
      source += `[${text.slice(at + 1, end).replace(/[\\[]/g, '\\$&')}]`;
      at = end;
    } else if (char === '\\' && at + 1 < text.length) {
      at++;
      source += escaped(text.charAt(at));
    } else source += escaped(char);
  }
  try {
    return RE2JS.compile(source, RE2JS.DOTALL);
  } catch (error) {
    throw new IgnoreFileError(`.dockerignore, line ${number}: ${JSON.stringify(text)} is no pattern: ${(error as Error).message}`);
  }
}

function escaped(char: string): string {
  return special.test(char) || char === '\\' || char === '/' || char === '*' || char === '?' || char === '[' || char === ']'
    ? `\\${char}`
    : char;
}

/** Compares names up to the first wildcard, which may be anything. */
function mayReachBelow(pattern: string, folder: string): boolean {
  const wanted = pattern.split('/');
  for (const [index, name] of folder.split('/').entries()) {
    const part = wanted[index];
    if (part === undefined) return true;
    if (/[*?[\\]/.test(part)) return true;
    if (part !== name) return false;
  }
  return true;
}
