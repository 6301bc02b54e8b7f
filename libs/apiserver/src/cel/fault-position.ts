// Where cel-go says that something is wrong with a part of an expression: at its operator, its dot, or the bracket that a call's
// arguments or an index stand in. The library names where the part, or what comes after the dot, begins.

/** A part of the tree, as far as places go: UTF-16 units from the expression's beginning. */
interface Part {
  readonly op?: string;
  readonly args?: unknown;
  readonly pos?: number;
  readonly start?: number;
  readonly end?: number;
  readonly input?: unknown;
}

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && 'end' in value;

/** Undefined where nothing says. */
export function faultPosition(part: Part | undefined): number | undefined {
  const { op = '', args, pos, start, input } = part ?? {};
  if (typeof input !== 'string' || !Array.isArray(args)) return pos;
  const after = (of: unknown, text: string) => {
    const at = isPart(of) && of.end !== undefined ? input.indexOf(text, of.end) : -1;
    return at < 0 ? undefined : at;
  };
  if (op === 'call') return start === undefined ? pos : within(input.indexOf('(', start), pos);
  if (op === 'rcall') return after(args[1], '(') ?? pos;
  if (op === '?:') return after(args[0], '?') ?? pos;
  if (op === '.' || op === '.?') return after(args[0], '.') ?? pos;
  if (op === '[]' || op === '[?]') return after(args[0], '[') ?? pos;
  return (args.length === 2 ? after(args[0], op) : undefined) ?? pos;
}

function within(at: number, otherwise: number | undefined): number | undefined {
  return at < 0 ? otherwise : at;
}
