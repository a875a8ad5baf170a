import { metricsAddressOf, type Settings } from '../settings.ts';

/** One process of a service, and where it can be asked. */
export interface Instance {
  /** `mint`, `mint-1`, … */
  readonly name: string;
  readonly service: 'signatory' | 'mint' | 'auditor' | 'pool';
  /** host:port of its gRPC. */
  readonly grpc: string;
  /** host:port of its health and metrics; undefined where an address does not tell. */
  readonly metrics: string | undefined;
}

const SERVICES = ['signatory', 'mint', 'auditor', 'pool'] as const;

/** Every process of the running local stack, with its replicas; else one for each address of the settings. */
export function instancesOf(settings: Settings): Instance[] {
  const { stack } = settings;
  if (stack === undefined) return SERVICES.map((service) => instanceAt(service, service, settings[service]));
  return stack.processes.flatMap(({ name, ports }) => {
    const service = SERVICES.find((known) => name === known || name.startsWith(`${known}-`));
    const port = ports['grpc'];
    if (service === undefined || port === undefined) return [];
    // Flags outrank the stack, for its first replicas.
    return instanceAt(name, service, name === service ? settings[service] : `127.0.0.1:${port}`);
  });
}

function instanceAt(name: string, service: Instance['service'], grpc: string): Instance {
  return { name, service, grpc, metrics: metricsAddressOf(grpc) };
}
