// What a terminal is opened to: a command of its own in a container, or what runs there already. How the API is asked for it, and how
// kubectl.
import { kubectlLine } from '../kubectl-line.ts';
import { objectPath, types } from '../resource-types.ts';

export interface TerminalTarget {
  namespace: string;
  pod: string;
  container: string;
  mode: 'exec' | 'attach';
  /** Of exec. */
  command: string[];
  /** Whether there is a terminal in the container, too; an attached one without has lines only. */
  tty: boolean;
  /** Whether what runs there reads what is typed. */
  stdin: boolean;
}

export interface Shell {
  id: string;
  label: string;
  command: string[];
  /** What `command` is for somebody who types it. */
  typed: string;
}

const best = 'command -v bash >/dev/null 2>&1 && exec bash || exec sh';

/** Those that images mostly have. */
export const shells: Shell[] = [
  { id: 'best', label: 'bash, or else sh', command: ['sh', '-c', best], typed: 'sh' },
  ...['sh', 'bash', 'ash', 'zsh'].map((name) => ({ id: name, label: name, command: [name], typed: name })),
];

/** Words as a shell would part them; quotes keep blanks. @returns undefined where a quote is left open */
export function wordsOf(text: string): string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+)/y;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const word = pattern.exec(text)?.[1];
    if (word === undefined) return undefined;
    words.push(unquoted(word));
  }
  return words;
}

function unquoted(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_all, double?: string, single?: string, escaped?: string) =>
    double !== undefined ? double.replace(/\\(["\\$`])/g, '$1') : (single ?? escaped ?? ''),
  );
}

export function terminalPath({ namespace, pod, container, mode, command, tty, stdin }: TerminalTarget): string {
  const query = new URLSearchParams({ container, stdout: 'true', tty: String(tty), stdin: String(stdin) });
  // Without a terminal, errors come apart.
  if (!tty) query.set('stderr', 'true');
  if (mode === 'exec') for (const word of command) query.append('command', word);
  return `${objectPath(types.Pod, namespace, pod, mode)}?${query}`;
}

export function terminalLine({ namespace, pod, container, mode, command, stdin, tty }: TerminalTarget): string {
  const flags = stdin ? [tty ? '-it' : '-i'] : [];
  const rest = mode === 'exec' ? ['--', ...command] : [];
  return kubectlLine(namespace, mode, ...flags, pod, '-c', container, ...rest);
}
