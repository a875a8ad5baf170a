import type { HoldCode, TemplateCode } from './audit-codes.ts';
import { SOURCE_POOL } from './template.ts';

/** Words of our own for a node that said nothing about the proposal. */
export type Silence = 'transport-error' | 'timeout' | 'initial-block-download';

/** What one node said to a block proposal. */
export type NodeReply =
  | { readonly kind: 'word'; readonly word: string; readonly knowsPrev?: boolean }
  | { readonly kind: 'rpc-error'; readonly code: number }
  | { readonly kind: 'silent'; readonly why: Silence };

export type Counted = 'VALID' | 'LATE' | 'INVALID' | 'BEHIND' | 'ABSTAINS';

/** The node's word for a proposal that it would take. */
export const ACCEPTED = 'null';
/** A proposal on a block that is not the node's tip; it was not looked at. */
export const NOT_BEST_PREV = 'inconclusive-not-best-prevblk';
const DECODE_ERROR = -22;

const WORDS: ReadonlyMap<string, Counted> = new Map([
  [ACCEPTED, 'VALID'],
  ['duplicate', 'VALID'],
  ['duplicate-inconclusive', 'ABSTAINS'],
]);

/** What a reply counts as; never INVALID for a timeout (02-auditor section 4.2, first table). */
export function countReply(reply: NodeReply): Counted {
  if (reply.kind === 'silent') return 'ABSTAINS';
  // Any other RPC error says something about the node, not about the block.
  if (reply.kind === 'rpc-error') return reply.code === DECODE_ERROR ? 'INVALID' : 'ABSTAINS';
  if (reply.word === NOT_BEST_PREV) return reply.knowsPrev === true ? 'LATE' : 'BEHIND';
  return WORDS.get(reply.word) ?? 'INVALID';
}

/** A reply as text, for events and people. */
export function describeReply(reply: NodeReply): string {
  if (reply.kind === 'silent') return reply.why;
  return reply.kind === 'word' ? reply.word : `rpc-error ${reply.code}`;
}

export type TemplateRuling =
  | { readonly kind: 'valid'; readonly late: boolean }
  | { readonly kind: 'invalid'; readonly code: TemplateCode }
  | { readonly kind: 'hold'; readonly code: HoldCode };

/** What the replies of all nodes amount to (02-auditor section 4.2, second table). */
export function ruleOnReplies(replies: readonly NodeReply[], quorum: number, source: number): TemplateRuling {
  const counted = replies.map(countReply);
  const count = (what: Counted) => counted.filter((each) => each === what).length;
  const [valid, late, invalid] = [count('VALID'), count('LATE'), count('INVALID')];
  if (valid + late + invalid < quorum) {
    return { kind: 'hold', code: count('BEHIND') > 0 ? 'HOLD_NODE_BEHIND' : 'HOLD_NODE_UNAVAILABLE' };
  }
  if (invalid > 0) {
    return valid + late > 0
      ? { kind: 'hold', code: 'HOLD_NODES_DISAGREE' }
      : { kind: 'invalid', code: 'TPL_NODE_REJECTED' };
  }
  if (valid > 0) return { kind: 'valid', late: false };
  return source === SOURCE_POOL ? { kind: 'valid', late: true } : { kind: 'hold', code: 'HOLD_LATE' };
}
