import type { Update } from './domain/subscriptions/delivery.ts';
import type { SubscriptionKind } from './domain/subscriptions/kinds.ts';
import type { Change, Observed } from './domain/subscriptions/observed.ts';

/** A change of something that wallets may be subscribed to, as instances tell it to each other. */
export interface ChangeNote extends Update {
  readonly kind: SubscriptionKind;
  readonly filterHash: string;
}

/** What is told here is heard here at once, with or without a bus, and by the other instances unless it is lost. */
export interface ChangeNotes {
  /** Never throws. */
  tell(changes: readonly Change[]): void;
  hear(listener: (note: ChangeNote) => void): void;
  /** Resolves when notes of this shard come in, or when that cannot be waited for. */
  listen(kind: SubscriptionKind, shard: number): Promise<void>;
  leave(kind: SubscriptionKind, shard: number): void;
}

/** JSON text, the very one that a wallet gets when it asks over HTTP. */
export type RenderObserved = (observed: Observed) => string;
