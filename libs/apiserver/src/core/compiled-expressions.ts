// Kinds whose objects hold expressions in CEL: what is wrong with one is said when it is written. The definitions of kinds know no CEL.
import type { KindDefinition } from '@berth/machinery';
import { withExpressionChecks } from './admission/policies/index.ts';
import { withRuleChecks } from './custom/rule-checks.ts';
import { withSelectorChecks } from './devices/selector-checks.ts';

export function withCompiledExpressions(kind: KindDefinition): KindDefinition {
  return withSelectorChecks(withExpressionChecks(withRuleChecks(kind)));
}
