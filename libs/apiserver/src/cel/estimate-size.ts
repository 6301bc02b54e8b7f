// Sizes and costs of estimates: whole numbers that stay where they are once they are as large as Go's.

export interface Size {
  min: number;
  max: number;
}

/** The largest that Go's 64 bits hold, as near as a double comes. */
export const most = 2 ** 64;
export const unknownSize: Size = { min: 0, max: most };
export const fixed = (size: number): Size => ({ min: size, max: size });

export const add = (...costs: number[]): number =>
  Math.min(
    most,
    costs.reduce((sum, cost) => sum + cost, 0),
  );
export const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Math.min(most, a * b));
/** Rounded up. */
export const by = (size: number, factor: number): number => Math.min(most, Math.ceil(size * factor));

export const plus = (a: Size, b: Size): Size => ({ min: add(a.min, b.min), max: add(a.max, b.max) });
export const product = (a: Size, b: Size): Size => ({ min: times(a.min, b.min), max: times(a.max, b.max) });
export const either = (a: Size, b: Size): Size => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });
