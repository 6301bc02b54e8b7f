// Which requests webhooks and admission policies are about.
export { type AdmissionFacts, type GroupVersionKind, type Operation, RequestObjects, RequestValues } from '../expressions/index.ts';
export { type ConditionsResult, type MatchCondition, MatchConditions } from './match-conditions.ts';
export { type Match, MatchCriteria, type MatchPorts, type MatchResources } from './match-criteria.ts';
export type { AdmissionRule } from './rules.ts';
