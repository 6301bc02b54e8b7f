// What an expression evaluates to, where the library only says that it is anything: it forgets what lists hold when functions make lists
// of them. Kubernetes refuses an expression of which nobody knows that it is a condition or a text.
import { ExpressionError } from './expression-error.ts';
import { faultPosition } from './fault-position.ts';
import { typeName } from './go-words.ts';
import { isLiteralMacro } from './literal-macros.ts';
import { isNode, type TreeNode } from './syntax-tree.ts';

/** Functions that make a list of a list, which holds the same. */
const keepingItems = new Set(['slice', 'sort', 'reverse', 'distinct']);
const arithmetic = new Set(['+', '-', '*', '/', '%']);

/** CEL's name of the type; `dyn` where it is not known. */
export function resultType(node: unknown, checked: string): string {
  // Of what is empty nobody knows what it would hold.
  if (/<[A-Z][,>]/.test(checked)) return checked.replaceAll(/\b[A-Z]\b/g, 'dyn');
  // One of the two is known.
  if (checked === 'list' && isNode(node) && node.op === '+') return `list<${itemType(node) ?? 'dyn'}>`;
  if (checked !== 'dyn' || !isNode(node) || node.op !== '[]' || !Array.isArray(node.args)) return checked;
  return itemType(node.args[0]) ?? checked;
}

function itemType(list: unknown): string | undefined {
  if (!isNode(list)) return undefined;
  const item = /^list<(.*)>$/.exec(list.checkedType?.name ?? '')?.[1];
  if (item !== undefined && item !== 'dyn') return item;
  if (!Array.isArray(list.args)) return undefined;
  if (list.op === '+') return itemType(list.args[0]) ?? itemType(list.args[1]);
  return isKeeping(list) ? itemType(list.args[1]) : undefined;
}

function isKeeping({ op, args }: { op: string; args: unknown }): boolean {
  return op === 'rcall' && Array.isArray(args) && keepingItems.has(String(args[0]));
}

/**
 * Whether nobody can know the type of what has none: a place in a value of any type, or what is reckoned with such values. Of other
 * functions, Kubernetes may know more than the library does.
 */
export function isOpen(node: unknown): boolean {
  if (!isNode(node)) return false;
  const { op, args } = node;
  if (op === 'id') return true;
  if (op === '-_') return isOpen(args);
  if (!Array.isArray(args)) return false;
  if (op === 'call' && args[0] === 'dyn') return true;
  if (op === '.' || op === '[]') return ofAnything(args[0]) || (isNode(args[0]) && isLiteralMacro(args[0]));
  // One operand of which the type is known tells that of both.
  if (arithmetic.has(op)) return args.every(isOpen);
  return op === '?:' && args.slice(1).every(isOpen);
}

/** Whether members and items are taken of what may be anything. */
function ofAnything(node: unknown): boolean {
  if (!isNode(node)) return false;
  if (node.op === 'list' || node.op === 'map' || node.checkedType?.name === 'list<dyn>') return true;
  return isOpen(node) || (isKeeping(node) && Array.isArray(node.args) && ofAnything(node.args[1]));
}

/**
 * Lists and maps that are spelled out hold values of one type, except for what is formatted; the library's own check takes what is unknown
 * for a type of its own.
 */
export function checkLiterals(nodes: TreeNode[], isStrict: boolean): void {
  const formatted = new Set(
    nodes.flatMap((node) => {
      const { op, args } = node;
      if (isLiteralMacro(node)) return (args as unknown[][])[1] ?? [];
      return op === 'rcall' && Array.isArray(args) && /^(cel_)?format$/.test(args[0]) ? args[2] : [];
    }),
  );
  for (const node of nodes) {
    const { op, args } = node;
    if ((op !== 'list' && op !== 'map') || !Array.isArray(args) || formatted.has(node)) continue;
    const columns = op === 'list' ? [args] : [0, 1].map((column) => args.map((entry) => (entry as unknown[])[column]));
    for (const column of columns) {
      const typed = column.flatMap((value) => {
        const type = elementType(value, isStrict);
        return type === undefined ? [] : [{ type, value }];
      });
      // Such a list is of the type of the others, when these are lists.
      const areLists = typed.every(({ type }) => type.startsWith('list<'));
      const known = areLists ? typed.filter(({ type }) => type !== listOfAnything) : typed;
      const other = known.find(({ type }) => type !== known[0]?.type);
      if (!other) continue;
      const words = `expected type '${typeName(known[0]?.type ?? '')}' but found '${typeName(other.type)}'`;
      throw new ExpressionError(words, { isSyntax: false, position: faultPosition(other.value as TreeNode) });
    }
  }
}

/** @param isStrict whether what may be anything is of a type. Undefined where only Kubernetes may know */
function elementType(node: unknown, isStrict: boolean): string | undefined {
  if (!isNode(node) || !node.checkedType) return undefined;
  const { name, hasDynType, hasPlaceholderType } = node.checkedType;
  if (!hasDynType && !hasPlaceholderType) return name;
  if (!isStrict) return undefined;
  if (name === 'dyn' && isOpen(node)) return 'dyn';
  if (!isKeeping(node) || !Array.isArray(node.args) || !isOpen(node.args[1])) return undefined;
  // Each type of items has a function of its own that sorts: which one is meant, nobody knows.
  return node.args[0] === 'sort' ? 'dyn' : listOfAnything;
}

/** Of items whose type nothing says, until there is something that they are put beside. */
const listOfAnything = 'list<dyn>';

/** What may be there or not is compared with what is as well, which is no comparison. @throws ExpressionError */
export function checkComparisons(nodes: TreeNode[]): void {
  for (const { op, args } of nodes) {
    if ((op !== '==' && op !== '!=') || !Array.isArray(args)) continue;
    const [left = 'dyn', right = 'dyn'] = args.map((node) => (isNode(node) ? resultType(node, node.checkedType?.name ?? 'dyn') : 'dyn'));
    // Null is compared with everything.
    if ([left, right].some((type) => type === 'dyn' || type === 'null') || left.startsWith('optional') === right.startsWith('optional'))
      continue;
    throw new ExpressionError(`no such overload: ${left} ${op} ${right}`);
  }
}
