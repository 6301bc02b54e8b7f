// What one may do, by the API's own reviews of access; whoever may do everything is asked for once. Answers are kept for a while: a right
// that is given or taken shows then.
import { listQuestion, refusalText } from '../model/access-path.ts';
import type { AccessQuestion } from '../model/actions/action.ts';
import { type ApiClient, ApiError, type ListWatchApi, type ObjectList } from './api-client.ts';

export const keptMs = 60_000;
const answersMax = 2_000;
const everything: AccessQuestion = { verb: '*', group: '*', resource: '*' };

interface Answer {
  isAllowed: Promise<boolean>;
  askedMs: number;
}

export class Access {
  readonly #api: ApiClient;
  readonly #answers = new Map<string, Answer>();

  constructor(api: ApiClient) {
    this.#api = api;
  }

  async isAllowed(question: AccessQuestion): Promise<boolean> {
    if (await this.#ask(everything)) return true;
    return this.#ask(question);
  }

  /** Of paths that are no objects. @param path e.g. `/metrics` */
  mayGetPath(path: string): Promise<boolean> {
    return this.#once(`get ${path}`, () => this.#review({ nonResourceAttributes: { verb: 'get', path } }));
  }

  #ask(question: AccessQuestion): Promise<boolean> {
    return this.#once(accessKey(question), () => this.#review({ resourceAttributes: question }));
  }

  #once(key: string, review: () => Promise<boolean>): Promise<boolean> {
    const known = this.#answers.get(key);
    if (known && Date.now() - known.askedMs < keptMs) return known.isAllowed;
    const isAllowed = review();
    if (this.#answers.size >= answersMax) this.#answers.clear();
    this.#answers.set(key, { isAllowed, askedMs: Date.now() });
    // What could not be asked is asked again.
    isAllowed.catch(() => this.#answers.delete(key));
    return isAllowed;
  }

  async #review(spec: { resourceAttributes: AccessQuestion } | { nonResourceAttributes: object }): Promise<boolean> {
    const { object } = await this.#api.write({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec },
    });
    return (object as { status?: { allowed?: boolean } }).status?.allowed === true;
  }
}

/** Lists and watches what one may, and says of the rest that one may not. */
export class GuardedApi implements ListWatchApi {
  readonly #api: ListWatchApi;
  readonly #access: Access;

  constructor(api: ListWatchApi, access: Access) {
    this.#api = api;
    this.#access = access;
  }

  async list(path: string, query: Record<string, string>, signal: AbortSignal, accept?: string): Promise<ObjectList> {
    await this.#check(path, 'list');
    return this.#api.list(path, query, signal, accept);
  }

  async *stream(path: string, query: Record<string, string>, signal: AbortSignal, accept?: string): AsyncIterable<string> {
    await this.#check(path, 'watch');
    yield* this.#api.stream(path, query, signal, accept);
  }

  /** @throws ApiError 403 */
  async #check(path: string, verb: string): Promise<void> {
    const question = listQuestion(path);
    if (!question) return;
    const asked = { ...question, verb };
    if (!(await this.#access.isAllowed(asked))) throw new ApiError(403, refusalText(asked));
  }
}

export function accessKey({ verb, group, resource, subresource = '', namespace = '', name = '' }: AccessQuestion): string {
  return [verb, group, resource, subresource, namespace, name].join(' ');
}
