import { type Bytes, concat, lp, toHex, u16, u32, u8 } from '@assay/shared/kernel/bytes';
import type { UnixMs } from '@assay/shared/kernel/clock';
import { sha256 } from '@assay/shared/kernel/hash';
import { utf8 } from '@assay/shared/kernel/bytes';
import type { PoolId } from '@assay/shared/kernel/ids';
import type { Machine } from '@assay/shared/kernel/machine';

export const EXTRANONCE_BYTES = 12;
export const EXTRANONCE_PREFIX_BYTES = 4;

/** What never changes in a template: the fields of template_id and of the event `template.declared`. */
export interface Template {
  /** template_id, 64 hex. */
  readonly id: string;
  readonly poolId: PoolId;
  readonly version: number;
  readonly versionMask: number;
  /** Internal byte order. */
  readonly prevHash: Bytes;
  /** The same as 64 hex of the internal byte order. */
  readonly prevHashHex: string;
  readonly bits: number;
  /** 32 bytes big-endian. */
  readonly networkTarget: Bytes;
  readonly height: number;
  /** Seconds. */
  readonly minNtime: number;
  readonly coinbasePrefix: Bytes;
  readonly coinbaseSuffix: Bytes;
  /** Internal byte order, 32 bytes each. */
  readonly merkleBranch: readonly Bytes[];
  /** Transactions without the coinbase. */
  readonly txCount: number;
  readonly bodyBytes: number;
  readonly bodyHash: Bytes;
  /** Whether the coinbase carries the witness commitment, so that a block needs the zero witness item. */
  readonly hasWitnessCommitment: boolean;
  /** Sat that the coinbase pays out, all of it to the pool's scripts. */
  readonly coinbaseValue: bigint;
  readonly declaredAt: UnixMs;
}

export type TemplateState = 'active' | 'superseded' | 'stale' | 'invalid' | 'closed';

export const TEMPLATE_EVENTS = ['rebuilt', 'newer-template', 'tip-changed', 'judged-invalid', 'expired'] as const;
export type TemplateEvent = (typeof TEMPLATE_EVENTS)[number];

/** States of a template after its insertion as active (01-pool section 3). */
export const TEMPLATE: Machine<TemplateState, TemplateEvent> = {
  active: { rebuilt: 'active', 'newer-template': 'superseded', 'tip-changed': 'stale', 'judged-invalid': 'invalid' },
  superseded: { rebuilt: 'active', 'tip-changed': 'stale', 'judged-invalid': 'invalid', expired: 'closed' },
  stale: { rebuilt: 'active', 'judged-invalid': 'invalid', expired: 'closed' },
  invalid: { expired: 'closed' },
  closed: { rebuilt: 'active' },
};

/** The auditor's word about a template. */
export interface TemplateVerdict {
  readonly valid: boolean;
  readonly code: string;
  readonly verdictHash: Bytes;
  readonly decidedAt: UnixMs;
}

/** A template with what changes about it, as stored. */
export interface TemplateRecord {
  readonly template: Template;
  readonly state: TemplateState;
  /** Seconds: the node's time when the template was last built. */
  readonly curtime: number;
  readonly fetchedAt: UnixMs;
  readonly verdict?: TemplateVerdict;
  /** Last instant at which a job of it was sent, by any instance, as far as told. */
  readonly lastJobAt: UnixMs;
  readonly closedAt?: UnixMs;
  readonly bodyGone: boolean;
  readonly version: number;
}

export type TemplateIdFields = Omit<
  Template,
  | 'id'
  | 'prevHashHex'
  | 'networkTarget'
  | 'txCount'
  | 'bodyBytes'
  | 'bodyHash'
  | 'hasWitnessCommitment'
  | 'coinbaseValue'
  | 'declaredAt'
>;

/** template_id (64 hex) of a template of the pool's own (source 1); layout: 01-pool section 3. */
export function templateIdOf(fields: TemplateIdFields): string {
  const layout = concat(
    utf8('assay/template/v1'),
    lp(fields.poolId),
    u8(1),
    u32(fields.version),
    u32(fields.versionMask),
    fields.prevHash,
    u32(fields.bits),
    u32(fields.height),
    u32(fields.minNtime),
    lp(fields.coinbasePrefix),
    lp(fields.coinbaseSuffix),
    u8(EXTRANONCE_BYTES),
    u8(EXTRANONCE_PREFIX_BYTES),
    u16(fields.merkleBranch.length),
    ...fields.merkleBranch,
  );
  return toHex(sha256(layout));
}
