// Why a webhook could not be called, or gave no answer that can be used: in the words of Go's HTTP client and client-go, which people
// search for.

/** What `call` throws. The message is what follows `failed to call webhook: `. */
export class WebhookCallError extends Error {
  /** HTTP status of the answer; undefined when there was none. */
  readonly code: number | undefined;
  /** Whether whoever called gave up, and not the webhook. */
  readonly canceled: boolean;

  constructor(message: string, { code, canceled = false, cause }: { code?: number; canceled?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'WebhookCallError';
    this.code = code;
    this.canceled = canceled;
  }
}

const messages: Record<number, string | undefined> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

const shownCharsMax = 2048;

/** @param text of the answer's body; undefined when it is no text */
export function answeredError(code: number, text: string | undefined): WebhookCallError {
  const said = text?.slice(0, shownCharsMax).trim() ?? 'unknown';
  if (code === 403 || code === 406 || code === 415) return new WebhookCallError(said, { code });
  const other =
    code >= 500
      ? `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`
      : `the server responded with the status code ${code} but did not return more information`;
  return new WebhookCallError(messages[code] ?? other, { code });
}
