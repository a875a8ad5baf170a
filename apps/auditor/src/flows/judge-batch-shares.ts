import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import type { ShareCode } from '../domain/audit-codes.ts';
import { deriveShares, type DerivedShare, judgeShares, ruleOnShares } from '../domain/check-shares.ts';
import { luckOfShares } from '../domain/statistics/luck.ts';
import type { JudgePorts, StoredBatch, StoredTemplate } from '../ports.ts';
import type { Judged } from './sign-verdict.ts';

const ROUNDS_MAX = 8;

/**
 * Judges the shares of a sound batch and settles it. Claims and credited hashes of other batches may appear meanwhile:
 * the unique keys of the store refuse then (`duplicate`), and the verdict is computed again with what was found.
 */
export async function judgeBatchShares<Outcome>(
  ports: JudgePorts,
  stored: StoredBatch,
  template: StoredTemplate,
  settle: (judged: Judged) => Promise<Outcome | 'duplicate'>,
): Promise<Outcome> {
  const shares = deriveShares(stored.batch, template.template, ports.shareRules);
  const judgedAtMs = ports.clock.now();
  const latestMs = Math.max(judgedAtMs, latestOf(shares));
  const childSeenMs = await ports.tips.childSeenMs(toHex(template.template.prevHash), latestMs);
  const hashes = [...new Set(shares.map(({ hash }) => hash))];
  let creditedElsewhere: ReadonlySet<string> = new Set();
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    const facts = { childSeenMs, judgedAtMs, creditedElsewhere };
    const codes = await judgeAndClaim(ports, stored, template, shares, facts);
    const outcome = await settle(judgedBy(stored, shares, codes));
    if (outcome !== 'duplicate') return outcome;
    creditedElsewhere = await ports.batches.creditedAmong(hashes, stored.id);
  }
  throw new Error(`batch ${stored.id}: its shares were credited elsewhere in ${ROUNDS_MAX} rounds`);
}

/** The batch is well shaped: no time lies beyond what a number holds. */
function latestOf(shares: readonly DerivedShare[]): number {
  return Math.max(...shares.map(({ acceptedAtMs }) => Number(acceptedAtMs)));
}

interface Facts {
  readonly childSeenMs: number | undefined;
  readonly judgedAtMs: number;
  readonly creditedElsewhere: ReadonlySet<string>;
}

/** Codes of the shares, after every prefix that a passing share is the first to use was claimed (S5). */
async function judgeAndClaim(
  ports: JudgePorts,
  stored: StoredBatch,
  template: StoredTemplate,
  shares: readonly DerivedShare[],
  facts: Facts,
): Promise<(ShareCode | undefined)[]> {
  const { owners, batches, shareRules, clock } = ports;
  const lockingKey = toHex(stored.batch.lockingKey);
  const prefixes = [...new Set(shares.map(({ prefix }) => prefix))];
  const known = await owners.ownersOf(template.id, prefixes);
  const codes = judgeShares(shares, { ...facts, owners: known }, lockingKey, shareRules);
  if (unclaimed(shares, codes, known).length === 0) return codes;

  // A share that was credited before makes no claim, so those are looked up first.
  const hashes = shares.map(({ hash }) => hash);
  const creditedElsewhere = await batches.creditedAmong(hashes, stored.id);
  const judge = (claimed: ReadonlyMap<string, string>) =>
    judgeShares(shares, { ...facts, creditedElsewhere, owners: claimed }, lockingKey, shareRules);
  const passing = unclaimed(shares, judge(known), known);
  if (passing.length === 0) return judge(known);
  const claimed = await owners.claim(template.id, passing, lockingKey, clock.now());
  return judge(new Map([...known, ...claimed]));
}

function unclaimed(
  shares: readonly DerivedShare[],
  codes: readonly (ShareCode | undefined)[],
  owners: ReadonlyMap<string, string>,
): string[] {
  const passing = shares.filter((_, index) => codes[index] === undefined);
  return [...new Set(passing.map(({ prefix }) => prefix))].filter((prefix) => !owners.has(prefix));
}

function judgedBy(
  { batch }: StoredBatch,
  shares: readonly DerivedShare[],
  codes: readonly (ShareCode | undefined)[],
): Judged {
  const ruling = ruleOnShares(batch, codes);
  if (ruling.result === 'INVALID') return { ruling, creditedHashes: [], luck: undefined };
  const creditedHashes = shares.filter((_, index) => codes[index] === undefined).map(({ hash }) => hash);
  return { ruling, creditedHashes, luck: luckOfShares(creditedHashes.map(fromHex), batch.assignedTarget) };
}
