// The answer of a far side that did not switch protocols, on a connection that HTTP has let go of: the client's, and the last thing on it.
import type { IncomingMessage } from 'node:http';
import type { Exchange } from '../responses.ts';
import type { Upgraded } from '../upgraded.ts';
import { passAnswer } from './passed-answer.ts';

/** Resolves when it is passed on, or broken off. @throws StatusError before its first byte */
export async function passLastAnswer({ request, audit }: Exchange, upgraded: Upgraded, message: IncomingMessage): Promise<void> {
  const begun = async (code: number) => {
    await upgraded.begun(code, audit);
    upgraded.answer();
  };
  await passAnswer({ message, response: upgraded.response, method: request.method, begun });
}
