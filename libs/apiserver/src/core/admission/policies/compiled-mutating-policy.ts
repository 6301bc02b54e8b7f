// A MutatingAdmissionPolicy as it is evaluated.
import type { MutatingAdmissionPolicy } from '@berth/api';
import { type Compiled, compiled } from '../expressions/index.ts';
import { jsonPatchType, objectType } from '../expressions/patch-types.ts';
import { PolicyBasis } from './policy-basis.ts';

export const configurationTypes = [objectType];
export const operationTypes = [`list<${jsonPatchType}>`];

export interface CompiledMutation {
  patchType: 'ApplyConfiguration' | 'JSONPatch';
  expression: Compiled;
}

export class CompiledMutatingPolicy extends PolicyBasis {
  readonly mutations: CompiledMutation[];
  /** Whether it wants to see what came after it. */
  readonly isReinvoked: boolean;

  constructor({ metadata, spec }: MutatingAdmissionPolicy) {
    super(metadata, spec);
    this.isReinvoked = spec.reinvocationPolicy === 'IfNeeded';
    const environment = this.environment.withPatchTypes();
    this.mutations = (spec.mutations ?? []).map(({ applyConfiguration, jsonPatch }) =>
      jsonPatch
        ? { patchType: 'JSONPatch', expression: compiled(environment, jsonPatch.expression ?? '', operationTypes) }
        : { patchType: 'ApplyConfiguration', expression: compiled(environment, applyConfiguration?.expression ?? '', configurationTypes) },
    );
  }
}
