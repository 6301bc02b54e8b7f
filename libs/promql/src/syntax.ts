// The syntax tree of an expression. Times are milliseconds; `position` is where it begins in the text.

export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';

export interface Matcher {
  label: string;
  operator: '=' | '!=' | '=~' | '!~';
  value: string;
}

interface Positioned {
  position: number;
}

export interface NumberLiteral extends Positioned {
  kind: 'number';
  value: number;
}

export interface StringLiteral extends Positioned {
  kind: 'string';
  value: string;
}

/** The newest sample of each series that fits. */
export interface Selector extends Positioned {
  kind: 'selector';
  /** The name is one of them, as `__name__`. */
  matchers: Matcher[];
  offsetMs: number;
}

/** `selector[5m]` */
export interface RangeSelector extends Positioned {
  kind: 'range';
  selector: Selector;
  rangeMs: number;
}

/** `expression[1h:5m]` */
export interface Subquery extends Positioned {
  kind: 'subquery';
  expression: Expression;
  rangeMs: number;
  /** Undefined: the resolution that the server has. */
  stepMs: number | undefined;
  offsetMs: number;
}

export interface Call extends Positioned {
  kind: 'call';
  name: string;
  args: Expression[];
}

export interface Aggregation extends Positioned {
  kind: 'aggregation';
  operator: string;
  grouping: { without: boolean; labels: string[] };
  /** Of topk, bottomk and quantile. */
  parameter: Expression | undefined;
  expression: Expression;
}

export interface Matching {
  /** `on`, else `ignoring`. */
  on: boolean;
  labels: string[];
  /** The side that may have several series for one of the other. */
  many: 'left' | 'right' | undefined;
  /** Labels taken over from the other side. */
  include: string[];
}

export interface Binary extends Positioned {
  kind: 'binary';
  operator: string;
  /** A comparison that says 0 or 1 instead of filtering. */
  bool: boolean;
  matching: Matching;
  left: Expression;
  right: Expression;
}

export interface Negation extends Positioned {
  kind: 'negation';
  expression: Expression;
}

export type Expression = NumberLiteral | StringLiteral | Selector | RangeSelector | Subquery | Call | Aggregation | Binary | Negation;
