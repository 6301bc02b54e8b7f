// What `berth server` starts: a control plane that other machines can reach, and an agent that makes this machine a node, unless it is
// said that there is to be none.
import {
  agentDirectory,
  agentFile,
  logDirectory,
  optionIn,
  serverDirectory,
  serverFile,
  statedOptions,
  withDefaults,
} from './installation.ts';

/** On every address of this machine. */
const everywhere = '0.0.0.0';
const apiPort = 6443;
const gatewayPort = 6444;

export interface ServerPlan {
  controlPlane: string[];
  dataDirectory: string;
  /** Absent: this machine is no node. */
  agent: { args: string[]; dataDirectory: string } | undefined;
}

/** @param argv of `berth server`: the control plane's options, and `--agent-config FILE` for its agent's */
export function serverPlan(argv: string[]): ServerPlan {
  const agentConfig = optionIn(argv, 'agent-config');
  const own = withoutOption(argv, 'agent-config');
  const stated = statedOptions(own, serverFile);
  const defaults = {
    'data-dir': serverDirectory,
    'api-address': `${everywhere}:${apiPort}`,
    'gateway-address': `${everywhere}:${gatewayPort}`,
  };
  const dataDirectory = stated.value('data-dir') ?? serverDirectory;
  const gateway = stated.value('gateway-address') ?? defaults['gateway-address'];
  return {
    controlPlane: withDefaults(own, stated, defaults),
    dataDirectory,
    agent: stated.value('disable-agent') === 'true' ? undefined : agentPlan(agentConfig, gateway),
  };
}

/** @param argv of `berth agent` */
export function agentPlan(config: string | undefined, gateway: string): { args: string[]; dataDirectory: string } {
  const argv = config === undefined ? [] : ['--config', config];
  const stated = statedOptions(argv, agentFile);
  const isElsewhere = stated.value('server') !== undefined;
  const args = withDefaults(argv, stated, {
    ...agentDefaults,
    ...(!isElsewhere && { gateway: gateway.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:') }),
  });
  return { args, dataDirectory: stated.value('data-dir') ?? agentDirectory };
}

const agentDefaults = { 'data-dir': agentDirectory, 'log-directory': logDirectory };

/** @param argv of `berth agent` @returns the node agent's */
export function agentArguments(argv: string[]): string[] {
  return withDefaults(argv, statedOptions(argv, agentFile), agentDefaults);
}

function withoutOption(argv: string[], name: string): string[] {
  const at = argv.findIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`));
  if (at < 0) return argv;
  return withoutOption(argv.toSpliced(at, argv[at]?.includes('=') ? 1 : 2), name);
}
