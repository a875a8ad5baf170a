import { toHex } from '@assay/shared/kernel/bytes';
import type { Clock } from '@assay/shared/kernel/clock';
import { BoundedMap } from '@assay/shared/kernel/bounded-map';
import type { Tips } from '../node-ports.ts';
import type { BatchDecisions, ExtranonceOwners, TemplateDecisions } from '../ports.ts';
import { countTemplateLookup } from '../telemetry.ts';

const TEMPLATES_MAX = 512;
const CLAIMS_MAX = 100_000;
const CARRIES_MAX = 100_000;
const PARENTS_MAX = 512;
// How long after it was seen, by its own clock, another process may still be recording a block.
const RECORDING_LAG_MS = 5_000;

/** Judged templates stay in memory: they never change again. */
export function rememberJudged(templates: TemplateDecisions): TemplateDecisions {
  const judged = new BoundedMap<string, Awaited<ReturnType<TemplateDecisions['find']>>>(TEMPLATES_MAX);
  return {
    ...templates,
    find: async (id) => {
      const known = judged.get(id);
      countTemplateLookup(known !== undefined);
      if (known !== undefined) return known;
      const stored = await templates.find(id);
      if (stored?.state === 'VALID' || stored?.state === 'INVALID') judged.set(id, stored);
      return stored;
    },
  };
}

/** Claims stay in memory: the first one stays for ever. */
export function rememberOwners(owners: ExtranonceOwners): ExtranonceOwners {
  const claims = new BoundedMap<string, string>(CLAIMS_MAX);
  const note = (templateId: string, found: ReadonlyMap<string, string>) => {
    for (const [prefix, key] of found) claims.set(templateId + prefix, key);
    return found;
  };
  return {
    ownersOf: async (templateId, prefixes) => {
      const known = new Map<string, string>();
      for (const prefix of prefixes) {
        const key = claims.get(templateId + prefix);
        if (key !== undefined) known.set(prefix, key);
      }
      const missing = prefixes.filter((prefix) => !known.has(prefix));
      if (missing.length === 0) return known;
      return new Map([...known, ...note(templateId, await owners.ownersOf(templateId, missing))]);
    },
    claim: async (templateId, prefixes, lockingKey, atMs) => {
      const claimed = await owners.claim(templateId, prefixes, lockingKey, atMs);
      note(templateId, claimed);
      return claimed;
    },
  };
}

/** The carry after a batch stays in memory: a batch that holds its key_seq never changes. */
export function rememberCarries(batches: BatchDecisions): BatchDecisions {
  const carries = new BoundedMap<string, bigint>(CARRIES_MAX);
  const nameOf = (poolId: string, key: Uint8Array, keySeq: bigint) => `${poolId}/${toHex(key)}/${keySeq}`;
  return {
    ...batches,
    find: async (id) => {
      const stored = await batches.find(id);
      if (stored?.holdsKeySeq !== true) return stored;
      const { poolId, lockingKey, keySeq } = stored.batch;
      carries.set(nameOf(poolId, lockingKey, keySeq), stored.carryAfter);
      return stored;
    },
    carryAfter: async (poolId, lockingKey, keySeq) =>
      carries.get(nameOf(poolId, lockingKey, keySeq)) ?? batches.carryAfter(poolId, lockingKey, keySeq),
  };
}

/**
 * First sights stay in memory. That there was no child at some moment is remembered too: for shares accepted less than
 * the grace after that moment no child that comes later matters.
 */
export function rememberTips(tips: Tips, clock: Clock, staleGraceMs: number): Tips {
  const children = new BoundedMap<string, number>(PARENTS_MAX);
  const childless = new BoundedMap<string, number>(PARENTS_MAX);
  return {
    ...tips,
    childSeenMs: async (prevHash, latestMs) => {
      const known = children.get(prevHash);
      const lookedAt = childless.get(prevHash) ?? 0;
      if (known !== undefined || latestMs <= lookedAt + staleGraceMs - RECORDING_LAG_MS) return known;
      const now = clock.now();
      const seenMs = await tips.childSeenMs(prevHash, latestMs);
      if (seenMs === undefined) childless.set(prevHash, now);
      else children.set(prevHash, seenMs);
      return seenMs;
    },
  };
}
