import type { ClientSession, Collection } from 'mongodb';
import type { OperationDocument } from './operation-document.ts';

/** Of one read: whoever mints a quote unit by unit gives it more steps than one command can name. */
const STEPS_PER_READ = 10_000;

/** Step key → what an operation took there, in base units; with the other steps of the operations that took one. */
export async function takenSteps(
  operations: Collection<OperationDocument>,
  keys: readonly string[],
  options: { readonly session?: ClientSession } = {},
): Promise<ReadonlyMap<string, bigint>> {
  const taken = new Map<string, bigint>();
  for (let from = 0; from < keys.length; from += STEPS_PER_READ) {
    // The flag is in the filter because only with it the partial index applies.
    const asked = { hasQuotes: true, quoteKeys: { $in: keys.slice(from, from + STEPS_PER_READ) } };
    const found = operations
      .find(asked, options)
      .project<Pick<OperationDocument, 'quoteKeys' | 'quoteAmounts'>>({ _id: 0, quoteKeys: 1, quoteAmounts: 1 });
    for await (const { quoteKeys, quoteAmounts } of found)
      quoteKeys.forEach((key, at) => taken.set(key, quoteAmounts[at] ?? 0n));
  }
  return taken;
}
