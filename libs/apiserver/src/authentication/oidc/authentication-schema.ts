// The form of apiserver.config.k8s.io AuthenticationConfiguration, for checking a file's fields and types before its rules.
import { SchemaRegistry } from '@berth/machinery';

const text = (name: string) => ({ name, type: 'string' });
const schemas = new SchemaRegistry();
schemas.add('authentication', {
  Configuration: {
    fields: [
      text('apiVersion'),
      text('kind'),
      { name: 'jwt', type: '[]authentication.Jwt' },
      { name: 'anonymous', type: 'authentication.Anonymous' },
    ],
  },
  Anonymous: { fields: [{ name: 'enabled', type: 'bool' }] },
  Jwt: {
    fields: [
      { name: 'issuer', type: 'authentication.Issuer' },
      { name: 'claimMappings', type: 'authentication.Mappings' },
      { name: 'claimValidationRules', type: '[]authentication.Rule' },
      { name: 'userValidationRules', type: '[]authentication.UserRule' },
    ],
  },
  Issuer: {
    fields: [
      text('url'),
      text('discoveryURL'),
      text('certificateAuthority'),
      { name: 'audiences', type: '[]string' },
      text('audienceMatchPolicy'),
    ],
  },
  Mappings: {
    fields: [
      { name: 'username', type: 'authentication.Mapping' },
      { name: 'groups', type: 'authentication.Mapping' },
      { name: 'uid', type: 'authentication.UidMapping' },
      { name: 'extra', type: '[]authentication.Extra' },
    ],
  },
  Mapping: { fields: [text('claim'), text('prefix'), text('expression')] },
  UidMapping: { fields: [text('claim'), text('expression')] },
  Extra: { fields: [text('key'), text('valueExpression')] },
  Rule: { fields: [text('claim'), text('requiredValue'), text('expression'), text('message')] },
  UserRule: { fields: [text('expression'), text('message')] },
});
export const configurationSchema = schemas.message('authentication.Configuration');

export interface Mapping {
  claim?: string;
  prefix?: string;
  expression?: string;
}

export interface Rule {
  claim?: string;
  requiredValue?: string;
  expression?: string;
  message?: string;
}

export interface Jwt {
  issuer?: { url?: string; discoveryURL?: string; certificateAuthority?: string; audiences?: string[]; audienceMatchPolicy?: string };
  claimMappings?: { username?: Mapping; groups?: Mapping; uid?: Mapping; extra?: { key?: string; valueExpression?: string }[] };
  claimValidationRules?: Rule[];
  userValidationRules?: Pick<Rule, 'expression' | 'message'>[];
}
