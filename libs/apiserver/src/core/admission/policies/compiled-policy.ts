// A ValidatingAdmissionPolicy as it is evaluated.
import type { admissionregistrationV1, ValidatingAdmissionPolicy } from '@berth/api';
import { type Compiled, compiled } from '../expressions/index.ts';
import { PolicyBasis } from './policy-basis.ts';

export const validationTypes = ['bool'];
export const messageTypes = ['string'];
export const annotationTypes = ['string', 'null'];

export interface CompiledValidation {
  expression: Compiled;
  messageExpression: Compiled | undefined;
  validation: admissionregistrationV1.Validation;
}

export interface CompiledAnnotation {
  key: string;
  valueExpression: string;
  expression: Compiled;
}

export class CompiledPolicy extends PolicyBasis {
  readonly validations: CompiledValidation[];
  readonly annotations: CompiledAnnotation[];

  constructor({ metadata, spec }: ValidatingAdmissionPolicy) {
    super(metadata, spec);
    const messages = this.environment.withoutAuthorizer();
    this.validations = (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compiled(this.environment, validation.expression, validationTypes),
      messageExpression: validation.messageExpression ? compiled(messages, validation.messageExpression, messageTypes) : undefined,
    }));
    this.annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      ...{ key, valueExpression },
      expression: compiled(this.environment, valueExpression.trim(), annotationTypes),
    }));
  }
}
