// Field errors as the API prints them, one text each: what tests compare with Kubernetes' own output.
import { type FieldError, fieldMessage } from '@berth/machinery';

export function messages(errors: FieldError[]): string[] {
  return errors.map((error) => `${error.field}: ${fieldMessage(error)}`);
}
