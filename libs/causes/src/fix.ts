// What mends a cause, as data that a button can be made of: the same as the command beside it says.

interface Named {
  namespace: string | undefined;
  name: string;
}

export type Fix =
  | ({ type: 'Create'; kind: 'ConfigMap' | 'Secret' | 'ServiceAccount' | 'PersistentVolumeClaim' } & Named)
  | ({ type: 'SetSelector'; selector: Record<string, string>; former: Record<string, string> } & Named)
  | ({ type: 'SetTargetPort'; index: number; port: number; former: string; targetPort: string | number } & Named)
  /** @param lacks what would be used of it, were nothing refused */
  | ({ type: 'RaiseQuota'; resource: string; hard: string; lacks: string } & Named)
  | ({ type: 'Scale'; kind: string } & Named)
  | ({ type: 'Delete'; kind: string } & Named)
  /** @param size that the claim asks for now */
  | ({ type: 'Enlarge'; size: string } & Named)
  | ({ type: 'RemoveFinalizers'; kind: string } & Named);
