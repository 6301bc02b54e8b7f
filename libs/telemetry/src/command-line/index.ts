export { parseCount } from './count.ts';
export { type HostPort, parseHostPort } from './host-port.ts';
export { interfaceAddress } from './interface-address.ts';
export { type OptionValues, parseOptions } from './options.ts';
export { type OptionValue, readOptionsFile } from './options-file.ts';
export { UsageError } from './usage-error.ts';
