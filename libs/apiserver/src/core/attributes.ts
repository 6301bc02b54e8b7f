// What a request asks to be allowed.
import type { FieldRequirement } from '@berth/machinery';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | (string & {});

/** What is asked for; either a resource or a path outside of them, such as /metrics. */
export type Attributes =
  | {
      verb: Verb;
      group: string;
      resource: string;
      subresource?: string;
      namespace?: string;
      name?: string;
      /** Of a list, watch or deletion of many: it is about no others. */
      fieldSelector?: FieldRequirement[];
    }
  | { verb: Verb; path: string };
