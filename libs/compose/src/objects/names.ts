// Names in DNS and labels that objects of a project have.
import { ComposeError } from '../compose-error.ts';

export const projectLabel = 'com.docker.compose.project';
export const serviceLabel = 'com.docker.compose.service';
/** Of pods, with the alias behind it: an alias of several services leads to all of them. */
export const aliasLabelPrefix = 'alias.compose.berth.io/';
/** Of pods that take configs or secrets: which content, so that another one starts them anew. */
export const contentAnnotation = 'compose.berth.io/content';

/** Leaves room for the ending of a Service and of pods. */
const nameLengthMax = 50;

/** Lower case, dashes for what DNS has not. @param what for an error, e.g. `services.web` @throws ComposeError */
export function dnsName(name: string, what: string): string {
  const result = name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (result === '') throw new ComposeError(`${what}: ${JSON.stringify(name)} holds no letter that a name in DNS may have: rename it`);
  const named = /^[a-z]/.test(result) ? result : `s-${result}`;
  if (named.length <= nameLengthMax) return named;
  throw new ComposeError(`${what}: the name is longer than ${nameLengthMax} characters: shorten it`);
}

export class Names {
  readonly #taken = new Map<string, string>();
  readonly #warn: (message: string) => void;
  readonly #section: string;

  constructor(section: string, warn: (message: string) => void) {
    this.#section = section;
    this.#warn = warn;
  }

  /** @throws ComposeError when two have the same name in DNS */
  of(name: string): string {
    const what = `${this.#section}.${name}`;
    const result = dnsName(name, what);
    const other = this.#taken.get(result);
    if (other !== undefined && other !== name)
      throw new ComposeError(`${what} and ${this.#section}.${other} are both ${result} in DNS: rename one`);
    if (other === undefined && this.#section === 'services' && result !== name.toLowerCase())
      this.#warn(`${what}: others reach it as ${result}, since names in DNS have no such letters`);
    this.#taken.set(result, name);
    return result;
  }
}
