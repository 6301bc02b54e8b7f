// Requests as fast as they are answered, on a fixed number of connections.
import { type Endpoint, RawConnection } from './raw-connection.ts';

export interface Load {
  /** Answers. */
  count: number;
  perSecond: number;
  bodyBytes: number;
}

/** Connections that stay open between the rounds of a comparison. */
export class Connections {
  readonly #connections: RawConnection[];

  static async open(endpoint: Endpoint, count: number): Promise<Connections> {
    return new Connections(await Promise.all(Array.from({ length: count }, () => RawConnection.open(endpoint))));
  }

  private constructor(connections: RawConnection[]) {
    this.#connections = connections;
  }

  /** The same request over and over. */
  repeat(request: Buffer, durationMs: number): Promise<Load> {
    const endMs = performance.now() + durationMs;
    return this.#run(200, () => (performance.now() < endMs ? request : undefined));
  }

  /** Each of the requests once. */
  each(requests: Buffer[], code: number): Promise<Load> {
    let next = 0;
    return this.#run(code, () => requests[next++]);
  }

  async #run(code: number, next: () => Buffer | undefined): Promise<Load> {
    const startMs = performance.now();
    let answers = 0;
    let bodyBytes = 0;
    const work = async (connection: RawConnection) => {
      for (let request = next(); request; request = next()) {
        const answer = await connection.send(request);
        if (answer.code !== code) throw new Error(`a request was answered ${answer.code}, not ${code}`);
        answers += 1;
        bodyBytes += answer.bodyBytes;
      }
    };
    await Promise.all(this.#connections.map(work));
    return { count: answers, perSecond: (answers / (performance.now() - startMs)) * 1000, bodyBytes: bodyBytes / answers };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
