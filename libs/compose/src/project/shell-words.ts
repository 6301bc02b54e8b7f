// A command that is written as one line, as the words that a shell would make of it; Compose runs no shell for it.
import { ComposeError } from '../compose-error.ts';

/** @throws ComposeError without a place */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? '';
    const next = line[at + 1];
    if (quote === undefined && /\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === undefined && (letter === '"' || letter === "'")) {
      quote = letter;
      word ??= '';
    } else if (letter === quote) quote = undefined;
    else if (letter === '\\' && next !== undefined && (quote === undefined || (quote === '"' && '"\\$`\n'.includes(next)))) {
      word = `${word ?? ''}${next === '\n' ? '' : next}`;
      at++;
    } else word = `${word ?? ''}${letter}`;
  }
  if (quote !== undefined) throw new ComposeError(`${JSON.stringify(line)}: a ${quote} is not closed`);
  return word === undefined ? words : [...words, word];
}
