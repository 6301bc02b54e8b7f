// What a namespace's labels say about the security of its pods.
import type { FieldError } from '@berth/machinery';
import { invalid } from '../validation/errors.ts';
import type { Level } from './control.ts';
import type { LevelVersion } from './evaluate.ts';

const prefix = 'pod-security.kubernetes.io/';
const levels: Level[] = ['privileged', 'baseline', 'restricted'];

export interface PodSecurityPolicy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

type Mode = keyof PodSecurityPolicy;

/** A label that cannot be read enforces the most, and warns and audits about nothing. */
export function podSecurityPolicy(labels: Record<string, string> | undefined): { policy: PodSecurityPolicy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const enforce = read('enforce', labels, errors) ?? allowing;
  const audit = read('audit', labels, errors);
  const warn = read('warn', labels, errors);
  const orEnforced = (own: LevelVersion | undefined, mode: Mode): LevelVersion => {
    if (labels?.[prefix + mode] !== undefined) return own ?? allowing;
    // Who enforces wants to hear of it where nothing is enforced: at the workloads that make the pods.
    const version = own?.version ?? enforce.version;
    return { level: enforce.level, version };
  };
  return { policy: { enforce, audit: orEnforced(audit, 'audit'), warn: orEnforced(warn, 'warn') }, errors };
}

const allowing: LevelVersion = { level: 'privileged', version: 'latest' };

/** Undefined when the labels say nothing. */
function read(mode: Mode, labels: Record<string, string> | undefined, errors: FieldError[]): LevelVersion | undefined {
  const level = labels?.[prefix + mode];
  const version = labels?.[`${prefix}${mode}-version`];
  if (level === undefined && version === undefined) return undefined;
  const at = (name: string) => `metadata.labels[${prefix}${name}]`;
  const isVersion = version === undefined || version === 'latest' || /^v1\.(0|[1-9]\d{0,4})$/.test(version);
  if (!isVersion) errors.push(invalid(at(`${mode}-version`), version, 'must be "latest" or "v1.x"'));
  const found = levels.find((known) => known === level);
  if (level !== undefined && !found) errors.push(invalid(at(mode), level, `must be one of ${levels.join(', ')}`));
  const fallback: Level = level !== undefined && mode === 'enforce' ? 'restricted' : 'privileged';
  return { level: found ?? fallback, version: isVersion ? (version ?? 'latest') : 'latest' };
}

/** Below zero when `a` demands less than `b`. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

export function levelVersionText({ level, version }: LevelVersion): string {
  return `${level}:${version}`;
}
