// One terminal's connection to a container: from the moment it is asked for until it has ended, and then why. Output that comes faster than
// it can be drawn is dropped past a bound, as a browser cannot tell a WebSocket's sender to wait.
import { channelProtocol, channels, inputMessages, resizeMessage, unframed } from '../model/terminal/channels.ts';
import { closedEnding, type Ending, endingOf } from '../model/terminal/ending.ts';
import { type TerminalTarget, terminalPath } from '../model/terminal/terminal-target.ts';

/** What it needs of the API. */
export interface SocketApi {
  openSocket(path: string, protocol: string): WebSocket;
  /** Why a connection was refused, which browsers do not tell. */
  refusal(path: string): Promise<string>;
}

export interface TerminalEvents {
  opened(): void;
  /** Must call `drawn` once it has been shown. */
  output(data: Uint8Array, drawn: () => void): void;
  /** The last one. */
  ended(ending: Ending): void;
}

const undrawnBytesMax = 8 * 1024 * 1024;
const unsentBytesMax = 4 * 1024 * 1024;

export class PodTerminal {
  readonly #socket: WebSocket;
  readonly #api: SocketApi;
  readonly #path: string;
  readonly #events: TerminalEvents;
  #undrawnBytes = 0;
  #droppedBytes = 0;
  #isOpen = false;
  #isOver = false;
  #ending: Ending | undefined;

  constructor(api: SocketApi, target: TerminalTarget, events: TerminalEvents) {
    this.#api = api;
    this.#events = events;
    this.#path = terminalPath(target);
    this.#socket = api.openSocket(this.#path, channelProtocol);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => {
      this.#isOpen = true;
      events.opened();
    };
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = ({ code, reason }) => void this.#closed(code, reason);
  }

  /** @returns false for more than can be sent: nothing of it is */
  type(bytes: Uint8Array): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    if (this.#socket.bufferedAmount + bytes.length > unsentBytesMax) return false;
    for (const message of inputMessages(bytes)) this.#socket.send(message);
    return true;
  }

  resize(columns: number, rows: number): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(resizeMessage(columns, rows));
  }

  /** Ends the command as a closed window does; nothing is reported any more. */
  stop(): void {
    this.#isOver = true;
    this.#socket.close(1000);
  }

  #receive(message: unknown): void {
    const received = unframed(message);
    if (!received || this.#isOver) return;
    const { channel, data } = received;
    if (channel === channels.error) this.#ending = endingOf(new TextDecoder().decode(data));
    if ((channel !== channels.stdout && channel !== channels.stderr) || data.length === 0) return;
    if (this.#undrawnBytes + data.length > undrawnBytesMax) {
      this.#droppedBytes += data.length;
      return;
    }
    this.#draw(data);
  }

  #draw(data: Uint8Array): void {
    this.#undrawnBytes += data.length;
    this.#events.output(data, () => {
      this.#undrawnBytes -= data.length;
      if (this.#droppedBytes === 0 || this.#isOver) return;
      const note = `\r\n[${this.#droppedBytes} bytes came faster than they can be shown, and are left out]\r\n`;
      this.#droppedBytes = 0;
      this.#draw(new TextEncoder().encode(note));
    });
  }

  async #closed(code: number, reason: string): Promise<void> {
    if (this.#isOver) return;
    const ending =
      this.#ending ?? (this.#isOpen ? closedEnding(code, reason) : { isGood: false, text: await this.#api.refusal(this.#path) });
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.ended(ending);
  }
}
