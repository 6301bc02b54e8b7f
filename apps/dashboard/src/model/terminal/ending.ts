// How a terminal ended, in words: by the Status that the API sends last, or, when there was none, by how the connection ended.

export interface Ending {
  isGood: boolean;
  text: string;
}

interface CommandStatus {
  status?: string;
  reason?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/** What shells and runtimes mean by them. */
const meanings: Record<number, string> = {
  126: 'the command cannot be executed',
  127: 'there is no such command in the container',
  130: 'interrupted (SIGINT)',
  137: 'killed (SIGKILL), as when its container ends or lacks memory',
  143: 'asked to end (SIGTERM), as when its container stops',
};

/** @param text what came on the error channel */
export function endingOf(text: string): Ending {
  const status = parsed(text);
  if (!status) return { isGood: false, text: text || 'It ended, and the server did not say why.' };
  if (status.status === 'Success') return { isGood: true, text: 'Ended with exit code 0.' };
  const exitCode = Number(status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message ?? Number.NaN);
  if (!Number.isInteger(exitCode)) return { isGood: false, text: failureText(status.message) };
  const meaning = meanings[exitCode];
  return { isGood: false, text: `Ended with exit code ${exitCode}${meaning ? `: ${meaning}` : ''}.` };
}

/** What a runtime says of an image without a shell helps nobody who does not know it. */
function failureText(message: string | undefined): string {
  if (!message) return 'It failed, and the server did not say why.';
  const isMissing = /executable file not found|no such file or directory/.test(message);
  return isMissing ? `The container has no such command; a debug container brings its own. ${message}` : message;
}

/** @param code of RFC 6455 */
export function closedEnding(code: number, reason: string): Ending {
  if (reason) return { isGood: false, text: `The server closed the connection: ${reason}.` };
  if (code === 1001) return { isGood: false, text: 'The control plane is stopping, or has ended the session.' };
  return { isGood: false, text: 'The connection broke. What ran in the terminal may have ended with it.' };
}

function parsed(text: string): CommandStatus | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as CommandStatus) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
