// What can be done to an object: what it takes in the API, what kubectl would be told, and which rights it needs. Pure: the dialog asks
// the server for a dry run of the very same request before anything is done.

/** As a SelfSubjectAccessReview asks it. */
export interface AccessQuestion {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string | undefined;
  name?: string;
}

export interface WriteRequest {
  method: 'PATCH' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  contentType?: string;
  body?: unknown;
}

export interface ActionPlan {
  request: WriteRequest;
  /** The same for a shell. */
  kubectl: string;
}

export interface ActionField {
  label: string;
  initial: string;
  /** Among which one chooses; without, it is typed. */
  options?: { value: string; label: string }[];
  /** What is wrong with a value, in words. */
  wrong(value: string): string | undefined;
}

export interface Action {
  id: string;
  /** Of the object that it is done to. */
  kind: string;
  /** On the button, e.g. `Restart`. */
  label: string;
  /** Whole, e.g. `Restart deployment/web`. */
  title: string;
  /** What will happen, in a sentence or two. */
  effect: string;
  isDangerous?: boolean;
  /** All must be allowed, or there is no button. */
  access: AccessQuestion[];
  field?: ActionField;
  /** @param now as of the moment of the request */
  plan(value: string, now: Date): ActionPlan;
  /** What the answer of the dry run is compared with; without, nothing is (a deletion). */
  before?: unknown;
}

export const mergePatch = 'application/merge-patch+json';
export const strategicPatch = 'application/strategic-merge-patch+json';
export const jsonPatch = 'application/json-patch+json';
