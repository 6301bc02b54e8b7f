// Runs a table of shell lines, most of them kubectl, and writes down what a terminal would show. What differs from run to run
// (ages, addresses, names that the server makes up) is replaced by what it is, so that two transcripts can be compared.
import { CommandError, runCommand } from '../../../tools/cluster/run-command.ts';

export interface Shell {
  /** Holds the files of the table, and a `kubectl`. */
  directory: string;
  env: NodeJS.ProcessEnv;
}

const stepTimeoutMs = 90_000;

/** `$ line`, what it printed on both outputs, and its exit code unless that is 0. */
export async function transcriptOf(shell: Shell, lines: string[]): Promise<string> {
  const parts: string[] = [];
  for (const line of lines) {
    const { output, code } = await run(shell, line);
    const end = code === 0 ? '' : `[exit code ${code}]\n`;
    parts.push(`$ ${line}\n${normalized(output)}${end}`);
  }
  return parts.join('\n');
}

async function run({ directory, env }: Shell, line: string): Promise<{ output: string; code: number }> {
  const command = ['sh', '-c', `{ ${line}\n} 2>&1`];
  try {
    return { output: (await runCommand(command, { timeoutMs: stepTimeoutMs, env, cwd: directory })).stdout, code: 0 };
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === null) throw error;
    return { output: error.stdout, code: error.exitCode };
  }
}

const suffix = '[bcdfghjklmnpqrstvwxz2456789]';

/** In this order: later ones see what earlier ones left. */
const replacements: [RegExp, string][] = [
  // A terminal's line ends, and what `script` adds.
  [/\r|\^@|\0/g, ''],
  // How far something has come depends on when one looks.
  [/^(Waiting for|Waited for|partitioned roll out in progress).*\n/gm, ''],
  [/^(I|W|E)\d{4} .*\n/gm, ''],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\/tmp\/berth-goldens-\w+/g, '<directory>'],
  [/\bsha256:[0-9a-f]{64}\b/g, 'sha256:<digest>'],
  [/\bcontainerd:\/\/[0-9a-f]{64}\b/g, 'containerd://<id>'],
  [/\b[0-9a-f]{64}\b/g, '<id>'],
  [/Handling connection for \d+/g, 'Handling connection for <port>'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC/g, '<time>'],
  [/(Resource Version: +)\d+/g, '$1<n>'],
  [/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/(resourceVersion"?: )"\d+"/g, '$1"<n>"'],
  [/https:\/\/127\.0\.0\.1:\d+/g, '<server>'],
  // Of whichever lane the file runs in.
  [/\b10\.21\d\.\d+\.\d+\b/g, '<pod-address>'],
  [/\b10\.11\d\.\d+\.\d+\b/g, '<service-address>'],
  // The node's, once the controller has come to it.
  [/(LoadBalancer +<service-address> +)(<pending>|\d+\.\d+\.\d+\.\d+)/g, '$1<outside-address>'],
  [/\blocalhost:\d\d055\b/g, '<registry>'],
  [/127\.0\.0\.1:\d{4,5}\b/g, '127.0.0.1:<port>'],
  [/\[::1\]:\d{4,5}\b/g, '[::1]:<port>'],
  [/\b3[0-2]\d{3}(?=\/(TCP|UDP)|\b)/g, '<node-port>'],
  [new RegExp(`-${suffix}{8,10}-${suffix}{5}\\b`, 'g'), '-<hash>-<suffix>'],
  [new RegExp(`-(?!https)${suffix}{5}\\b(?!\\.)`, 'g'), '-<suffix>'],
  [new RegExp(`(?<=[a-z]-|hash[=:] ?)${suffix}{8,10}\\b`, 'g'), '<hash>'],
  [/\b(\d+(\.\d+)?m?s|\d{1,2}[dhm](\d{1,2}[hms])?)\b/g, '<age>'],
  [/\b\d+(Ki|Mi)\b/g, '<n>$1'],
  // Columns are as wide as what was replaced.
  [/(\S)[ \t]{2,}(?=\S)/g, '$1  '],
  [/[ \t]+$/gm, ''],
];

export function normalized(output: string): string {
  let text = output;
  for (const [pattern, replacement] of replacements) text = text.replace(pattern, replacement);
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
