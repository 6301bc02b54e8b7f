// Refuses websites whose night has no length, and gives those without one a tag for their image.
import { allow, deny, mutating, validating } from '@berth/sdk';
import { Website } from './types.ts';

export const handlers = {
  '/validate': validating(Website, ({ object }) => {
    const { nightly, image } = object?.spec ?? {};
    if (nightly && nightly.from === nightly.until) return deny('spec.nightly: from and until are the same hour');
    return allow(image?.endsWith(':latest') ? { warnings: ['spec.image: latest is another image tomorrow'] } : {});
  }),
  '/default': mutating(Website, ({ object }) => {
    if (object && !/[:@][^/]*$/.test(object.spec.image)) object.spec.image += ':latest';
    return object;
  }),
};
