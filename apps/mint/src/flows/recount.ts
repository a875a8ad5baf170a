import { AssertionFailure } from '@assay/shared/kernel/assert';
import {
  type Broken,
  type HeardKeysets,
  keysetBreaches,
  operationBreaches,
  quoteBreaches,
  supplyBreaches,
} from '../domain/invariants.ts';
import { EMPTY_SUPPLY, withOperations } from '../domain/supply.ts';
import type { Keysets, StoredOperation, StoredState, StoredStates } from '../ports.ts';
import { recounted } from '../telemetry.ts';
import { pauseIssuance, type PausePorts } from './pause-issuance.ts';

export interface RecountPorts extends PausePorts {
  readonly states: StoredStates;
  readonly keysets: Keysets;
}

const BROKEN_KEPT = 20;

/**
 * Reads everything that is stored as of one instant and evaluates M1–M6, M8 and M9. Whatever is broken pauses the mint
 * at level ALL at once. Returns what was found broken, at most 20 of it.
 */
export async function recount(ports: RecountPorts): Promise<readonly Broken[]> {
  if (!ports.keysets.isFresh()) return [];
  const broken = await findBroken(ports);
  recounted(broken.length);
  const [first] = broken;
  if (first !== undefined) {
    const reason = `${first.invariant} ${first.scope}: ${first.what}`;
    await pauseIssuance(ports, { level: 'ALL', reason, by: 'recount' });
  }
  return broken;
}

async function findBroken({ states, keysets, clock }: RecountPorts): Promise<readonly Broken[]> {
  try {
    return await states.atOneInstant(async (state) => {
      const quotes = await brokenQuotes(state);
      const operations = await brokenOperations(state, () => ({
        byId: new Map(keysets.all().map((each) => [each.id, each])),
        at: clock.now(),
      }));
      const all = [...indexBreaches(state), ...quotes, ...operations, ...keysetBreaches(keysets.all())];
      return all.slice(0, BROKEN_KEPT);
    });
  } catch (error) {
    // A document that no flow of ours can have written.
    if (error instanceof AssertionFailure) return [{ invariant: 'M1', scope: 'storage', what: error.message }];
    throw error;
  }
}

async function brokenQuotes(state: StoredState): Promise<readonly Broken[]> {
  const broken: Broken[] = [];
  for await (const page of state.quotes()) {
    if (broken.length < BROKEN_KEPT) broken.push(...page.flatMap(({ quote, steps }) => quoteBreaches(quote, steps)));
  }
  return broken;
}

async function brokenOperations(state: StoredState, keysets: () => HeardKeysets): Promise<readonly Broken[]> {
  const broken: Broken[] = [];
  const sums = { yes: EMPTY_SUPPLY, open: EMPTY_SUPPLY, no: EMPTY_SUPPLY };
  for await (const page of state.operations()) {
    const heard = keysets();
    if (broken.length < BROKEN_KEPT) broken.push(...page.flatMap((stored) => storedBreaches(stored, heard)));
    for (const counted of ['yes', 'open', 'no'] as const) {
      const operations = page.filter((stored) => stored.counted === counted).map(({ operation }) => operation);
      sums[counted] = withOperations(sums[counted], operations);
    }
  }
  return [...broken, ...supplyBreaches(state.counters, sums)];
}

function storedBreaches(
  { operation, indexed, hasItsQuotes }: StoredOperation,
  keysets: HeardKeysets,
): readonly Broken[] {
  const orphan: Broken = { invariant: 'M5', scope: operation.opId, what: 'minted from a quote that does not exist' };
  return [...operationBreaches(operation, indexed, keysets), ...(hasItsQuotes ? [] : [orphan])];
}

function indexBreaches({ missingIndexes }: StoredState): readonly Broken[] {
  return missingIndexes.map((scope) => ({ invariant: 'M3', scope, what: 'the unique index is not there' }));
}
