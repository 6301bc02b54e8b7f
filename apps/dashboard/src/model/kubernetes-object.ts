// What every object has, whatever its kind.
import type { ObjectMeta } from '@berth/api';

export interface KubernetesObject {
  kind?: string;
  apiVersion?: string;
  metadata: ObjectMeta;
}
