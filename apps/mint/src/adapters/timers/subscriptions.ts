import type { ServiceContext } from '@assay/shared/runtime/service';
import { serveSubscriptions, type SubscriptionPorts, type Subscriptions } from '../../flows/serve-subscriptions.ts';

/** Subscriptions of wallets, which find what no note told them every `resyncMs`. */
export function startSubscriptions(context: ServiceContext, ports: SubscriptionPorts, resyncMs: number): Subscriptions {
  const subscriptions = serveSubscriptions(ports);
  context.every('resync', resyncMs, async () => void (await subscriptions.resync()));
  return subscriptions;
}
