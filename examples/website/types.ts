// Made by berth-sdk types from crd.yaml: do not edit.
import * as sdk from '@berth/sdk';

export interface WebsiteSpec {
  /** What answers on port 8080. */
  image: string;
  replicas?: number;
  /** Hours of the day (UTC) in which one replica is enough. */
  nightly?: {
    from: number;
    until: number;
  };
}

export interface WebsiteStatus {
  replicas?: number;
  readyReplicas?: number;
  address?: string;
}

export interface Website extends sdk.CustomObject {
  spec: WebsiteSpec;
  status?: WebsiteStatus;
}

export const Website = sdk.defineResource<Website>({
  group: 'example.berth.dev',
  version: 'v1',
  kind: 'Website',
  plural: 'websites',
  scope: 'Namespaced',
  status: true,
});
