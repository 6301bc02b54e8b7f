// What is wrong with a field of an object, as validation finds it and a Status says it.

/** One thing wrong with an object. `field` is a JSON path such as `spec.containers[0].image`. */
export interface FieldError {
  type:
    | 'Required'
    | 'Invalid'
    | 'NotSupported'
    | 'Duplicate'
    | 'Forbidden'
    | 'TooLong'
    | 'TooMany'
    | 'NotFound'
    | 'TypeInvalid'
    | 'Internal';
  field: string;
  /** What was given; shown in the message for Invalid, NotSupported, Duplicate. */
  value?: unknown;
  /** Whether nothing is shown, not even that there is nothing. */
  isValueOmitted?: true;
  detail: string;
}
