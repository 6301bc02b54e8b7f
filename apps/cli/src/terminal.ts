// Colours where somebody looks, none where a program reads (https://no-color.org).

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'grey';

const codes: Record<Colour, number> = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90 };

export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_, text) => text;

export const painted: Paint = (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;

/** @param env NO_COLOR, whatever is in it, and a terminal that is dumb want none */
export function paintFor({ isTTY }: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  return isTTY && !env.NO_COLOR && env.TERM !== 'dumb' ? painted : plain;
}
