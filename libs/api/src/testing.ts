// Objects of every kind for tests, here and elsewhere: one that is valid, and any number that are odd. Nothing else imports this.
export { arbitraryObject } from './arbitrary-object.ts';
export { sampleOf } from './samples/every-kind.ts';
