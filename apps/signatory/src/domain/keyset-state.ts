import type { UnixMs } from '@assay/shared/kernel/clock';

/** What a keyset may still be used for: 03-mint section 5, the table of keyset states. */
export type KeysetState = 'active' | 'inactive' | 'expired';

export interface KeysetLife {
  /** Undefined while the keyset is the active one of its unit. */
  readonly retiredAt: UnixMs | undefined;
  /** Unix seconds; undefined = never. */
  readonly finalExpiry: bigint | undefined;
}

function keysetState({ retiredAt, finalExpiry }: KeysetLife, now: UnixMs): KeysetState {
  if (finalExpiry !== undefined && BigInt(now) >= finalExpiry * 1000n) return 'expired';
  return retiredAt === undefined ? 'active' : 'inactive';
}

/**
 * Whether outputs may be signed: on the active keyset, and for `graceMs` after its retirement, because the change of a
 * melt is signed on the keyset that was active when its inputs were reserved.
 */
export function mayIssue(life: KeysetLife, now: UnixMs, graceMs: number): boolean {
  const state = keysetState(life, now);
  if (state !== 'inactive') return state === 'active';
  return life.retiredAt !== undefined && now < life.retiredAt + graceMs;
}
