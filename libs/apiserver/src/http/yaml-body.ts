// YAML bodies as JSON values. Nobody may hold the server up with one: what is long is read in a thread of its own, and costs the
// others no more than JSON would.
import { parseExact, parseJson } from '@berth/machinery';
import { YamlThread, type YamlThreadOptions } from './yaml-thread.ts';
import { yamlToJson } from './yaml-to-json.ts';

/** The worst text of this length takes 20 ms, which is less than it would wait for a thread. */
const inlineBytesMax = 64 * 1024;

export class YamlBodies {
  readonly #thread: YamlThread;

  constructor(options: YamlThreadOptions) {
    this.#thread = new YamlThread(options);
  }

  /** @throws StatusError 400, 413 or 429 */
  async read(body: Uint8Array, signal?: AbortSignal): Promise<unknown> {
    if (body.length <= inlineBytesMax) return parseJson(yamlToJson(body));
    return parseExact(await this.#thread.read(body, signal));
  }

  get usesThread(): boolean {
    return this.#thread.isRunning;
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}
