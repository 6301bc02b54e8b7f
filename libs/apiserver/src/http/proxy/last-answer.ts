// The answer of a far side that did not switch protocols, on a connection that HTTP has let go of: the client's, and the last thing on it.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { passAnswer } from './passed-answer.ts';

export interface AskedToSwitch {
  request: IncomingMessage;
  socket: Duplex;
  /** Called with the answer's code before its first byte. */
  begun(code: number): Promise<void>;
}

/** Resolves when it is passed on, or broken off. @throws StatusError before its first byte */
export async function passLastAnswer({ request, socket, begun }: AskedToSwitch, message: IncomingMessage): Promise<void> {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.on('error', () => socket.destroy());
  socket.on('drain', () => response.emit('drain'));
  response.assignSocket(socket as Socket);
  await passAnswer({ message, response, method: request.method, begun });
  socket.end();
}
