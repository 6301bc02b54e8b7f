// What a file of descriptions holds: types by their names, with a sentence for each field, and under '' for the type itself.

export type Descriptions = Record<string, Record<string, string>>;
