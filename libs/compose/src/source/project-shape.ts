// The keys of a compose file beside its services.
import { serviceFields } from './service-shape.ts';
import { type Fields, inert, mapping, type Shape, text, textOrTexts } from './shape.ts';

const any: Shape = 'anything';
const oneNetwork = 'all services share the network of the pods';

const fileFields: Fields = {
  file: text,
  environment: text,
  content: text,
  external: 'boolean',
  name: text,
  labels: mapping,
  driver: inert(text, 'it is of Swarm'),
  driver_opts: inert(any, 'it is of Swarm'),
  template_driver: inert(text, 'it is of Swarm'),
};

const networkFields: Fields = {
  name: text,
  external: any,
  driver: text,
  labels: mapping,
  driver_opts: inert(any, oneNetwork),
  attachable: inert('boolean', oneNetwork),
  enable_ipv4: inert('boolean', oneNetwork),
  enable_ipv6: inert('boolean', oneNetwork),
  internal: inert('boolean', 'pods reach what is outside: a NetworkPolicy keeps them from it'),
  ipam: inert(any, 'pods get their addresses from the node'),
};

const volumeFields: Fields = { name: text, external: any, driver: text, driver_opts: { map: 'text' }, labels: mapping };

export const projectShape: Shape = {
  fields: {
    version: inert(text, 'it is obsolete: leave it out'),
    name: text,
    services: { map: { fields: serviceFields } },
    volumes: { map: { fields: volumeFields } },
    networks: { map: { fields: networkFields } },
    configs: { map: { fields: fileFields } },
    secrets: { map: { fields: fileFields } },
    include: { list: { oneOf: [text, { fields: { path: textOrTexts, project_directory: text, env_file: textOrTexts } }] } },
    models: inert(any, 'there are no models'),
  },
};
