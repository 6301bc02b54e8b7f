// A field behind a feature gate that is off, as a kind names it.

export interface DisabledField {
  /** The feature gate in Kubernetes. Fields of one gate stay or go together. */
  gate: string;
  /** From the object, such as `spec.containers[].lifecycle.stopSignal`; `[]` stands for every item, `{}` for every member of a map. */
  path: string;
  /** Whether what holds the field goes with it when it holds nothing else. */
  dropsEmptyParent?: true;
  /** The field is dropped only if this field within it is given. */
  onlyWith?: string;
}
