import { IssuanceLevel as WireLevel } from '@assay/proto/gen/assay/mint/v1/events';
import type { Control as WireControl } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { Control } from '../../domain/control.ts';
import type { IssuanceLevel } from '../../domain/issuance-level.ts';

const WIRE_LEVELS = {
  NONE: WireLevel.ISSUANCE_LEVEL_NONE,
  ISSUANCE: WireLevel.ISSUANCE_LEVEL_ISSUANCE,
  ALL: WireLevel.ISSUANCE_LEVEL_ALL,
} as const satisfies Record<IssuanceLevel, WireLevel>;

export function renderControl({ level, openBreaches, reason, by, version }: Control): WireControl {
  return { level: WIRE_LEVELS[level], openBreaches: [...openBreaches], reason, by, version: BigInt(version) };
}

/** A level that can be paused at. */
export function parsePauseLevel(level: WireLevel): 'ISSUANCE' | 'ALL' | undefined {
  if (level === WireLevel.ISSUANCE_LEVEL_ISSUANCE) return 'ISSUANCE';
  return level === WireLevel.ISSUANCE_LEVEL_ALL ? 'ALL' : undefined;
}
