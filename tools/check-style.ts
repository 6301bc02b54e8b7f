// The style rules that no linter knows: every file says at its top why it exists, stays readable in one sitting, and is named
// after the thing it holds; functions fit a screen.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './cluster/layout.ts';

const fileLinesMax = 300;
const functionLinesMax = 60;
const vagueNames = /(^|[-/])(utils?|helpers?|common|misc)([-./]|$)/;

/** @returns what breaks the rules, one line each */
export function checkStyle(): string[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.mjs'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && !file.includes('/generated/'));
  if (files.length < 100) throw new Error(`style: found only ${files.length} files; is this a git clone?`);
  return files.flatMap((file) => problemsOf(file, readFileSync(join(root, file), 'utf8')));
}

function problemsOf(file: string, text: string): string[] {
  const lines = text.trimEnd().split('\n');
  const problems: string[] = [];
  if (lines.length > fileLinesMax) problems.push(`${file}: ${lines.length} lines; split it (at most ${fileLinesMax})`);
  const isIndex = basename(file) === 'index.ts';
  const isTest = /\.test\.tsx?$|\/contract\//.test(file);
  if (!isIndex && !isTest && !/^(#!.*\n)?\/\/ /.test(text)) problems.push(`${file}: does not open by saying why it exists`);
  if (vagueNames.test(file)) problems.push(`${file}: named after nothing; name the thing it holds`);
  if (!/^[a-z0-9.-]+$/.test(basename(file))) problems.push(`${file}: not in kebab-case`);
  if (!isTest) problems.push(...longFunctions(file, lines));
  return problems;
}

/** By indentation, which the formatter guarantees: from a line that opens a function to the brace in its column. */
function longFunctions(file: string, lines: string[]): string[] {
  const problems: string[] = [];
  for (const [index, line] of lines.entries()) {
    const opening =
      /^(\s*)(?:export )?(?:default )?(?:static )?(?:async )?(?:function\*? \w+|(?:get |\*)?#?\w+\s*\(.*\).*\{$|(?:private |readonly )?#?\w+ = (?:async )?\(.*=> \{$)/.exec(
        line,
      );
    if (!opening || !line.endsWith('{') || /^\s*(if|for|while|switch|catch|return)\b/.test(line)) continue;
    const end = lines.findIndex((other, at) => at > index && other.startsWith(`${opening[1]}}`));
    if (end - index > functionLinesMax)
      problems.push(`${file}:${index + 1}: a function of ${end - index} lines (at most ${functionLinesMax})`);
  }
  return problems;
}
