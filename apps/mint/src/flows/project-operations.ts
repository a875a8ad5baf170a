import { present } from '@assay/shared/kernel/assert';
import { creditOf, type FundCredit } from '../domain/fund.ts';
import type { CountedOperation } from '../domain/operation.ts';
import { EMPTY_SUPPLY, withOperations } from '../domain/supply.ts';
import type { Unit } from '../domain/unit.ts';
import type { Funds } from '../fund-ports.ts';
import type { SupplyChunk, SupplyCounters, UnprojectedOperations } from '../ports.ts';
import { type CatchUpPorts, catchUpQuote } from './catch-up-quote.ts';

export interface ProjectPorts extends CatchUpPorts {
  readonly operations: UnprojectedOperations;
  readonly counters: SupplyCounters;
  readonly funds: Pick<Funds, 'change'>;
}

const CHUNK_OPERATIONS_MAX = 1_000;
const QUOTES_AT_ONCE = 16;

/**
 * Brings quotes, supply counters and funds forward by the operations that they have not seen; returns how many that were.
 *
 * Every instance may run it at any time: a chunk of operations is opened by compare-and-set, whoever meets an open one
 * helps to finish it, each counter takes chunk n once because it remembers n, and only then are the operations marked
 * and the chunk closed. A lease would leave counters stale for its whole term after a crash.
 */
export async function projectOperations(ports: ProjectPorts): Promise<number> {
  const last = await ports.counters.lastChunk();
  if (last.isOpen) return finish(ports, last, await ports.operations.findByIds(last.opIds));
  // Listed after the last chunk was seen closed, so none of the listed operations is in it.
  const operations = await ports.operations.list(CHUNK_OPERATIONS_MAX);
  if (operations.length === 0) return 0;
  const opIds = operations.map(({ opId }) => opId);
  if (!(await ports.counters.openChunk(last, opIds))) return 0;
  // What was listed does not change any more, and nobody else has taken it in.
  return finish(ports, { number: last.number + 1, opIds, isOpen: true }, operations);
}

async function finish(
  ports: ProjectPorts,
  chunk: SupplyChunk,
  operations: readonly CountedOperation[],
): Promise<number> {
  await catchUpQuotes(ports, operations);
  await ports.counters.addChunk(chunk, withOperations(EMPTY_SUPPLY, operations));
  await creditFunds(ports, chunk, operations);
  await ports.operations.markProjected(chunk.opIds);
  await ports.counters.closeChunk(chunk);
  return operations.length;
}

async function catchUpQuotes(ports: ProjectPorts, operations: readonly CountedOperation[]): Promise<void> {
  const keys = [...new Set(operations.flatMap(({ quotes }) => quotes.map(({ naturalKey }) => naturalKey)))];
  for (let from = 0; from < keys.length; from += QUOTES_AT_ONCE) {
    await Promise.all(keys.slice(from, from + QUOTES_AT_ONCE).map((key) => catchUpQuote(ports, key)));
  }
}

/** A fund remembers the chunk too, so that what an operation took in is credited once. */
async function creditFunds(
  { funds }: ProjectPorts,
  { number }: SupplyChunk,
  operations: readonly CountedOperation[],
): Promise<void> {
  const byUnit = new Map<Unit, FundCredit[]>();
  for (const operation of operations) {
    const credit = creditOf(operation);
    if (credit !== undefined) byUnit.set(operation.unit, [...(byUnit.get(operation.unit) ?? []), credit]);
  }
  for (const unit of [...byUnit.keys()].sort()) {
    const outcome = await funds.change(unit, { do: 'chunk', number, credits: present(byUnit.get(unit), unit) });
    if (outcome === 'conflict') throw new Error(`the fund of ${unit} changed under every attempt to credit it`);
  }
}
