import { WITHOUT_OUTBOX } from '@assay/shared/runtime/outbox';
import type { ClientSession, Collection, Db } from 'mongodb';
import { EMPTY_SUPPLY, type Supply, withOperations } from '../../domain/supply.ts';
import { type FundDocument, FUNDS } from './fund-document.ts';
import { type GrantDocument, GRANTS } from './grants.ts';
import { type OperationDocument, OPERATIONS, parseOperation } from './operation-document.ts';
import { type QuoteDocument, QUOTES } from './quote-document.ts';
import { type ChunkDocument, SUPPLY, SUPPLY_CHUNKS, type SupplyDocument } from './supply-document.ts';

/** Collections as they were at one instant: each read takes the session. */
export interface Snapshot {
  readonly session: ClientSession;
  readonly quotes: Collection<QuoteDocument>;
  readonly operations: Collection<OperationDocument>;
  readonly supply: Collection<SupplyDocument>;
  readonly chunks: Collection<ChunkDocument>;
  readonly funds: Collection<FundDocument>;
  readonly grants: Collection<GrantDocument>;
}

/** All reads of a snapshot session have one cluster time. */
export function atOneInstant<T>(db: Db, run: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  // The session's read concern would give way to the connection's.
  const options = { readConcern: { level: 'snapshot' } } as const;
  return db.client.withSession({ snapshot: true }, (session) =>
    run({
      session,
      quotes: db.collection(QUOTES.name, options),
      operations: db.collection(OPERATIONS.name, options),
      supply: db.collection(SUPPLY.name, options),
      chunks: db.collection(SUPPLY_CHUNKS.name, options),
      funds: db.collection(FUNDS.name, options),
      grants: db.collection(GRANTS.name, options),
    }),
  );
}

export interface OpenChunk {
  readonly number: number;
  readonly opIds: readonly string[];
  /** Of its operations. */
  readonly sums: Supply;
}

/** The chunk that is being counted just now, which some counters have and others not. */
export async function openChunk({ session, chunks, operations }: Snapshot): Promise<OpenChunk | undefined> {
  const chunk = await chunks.findOne({ _id: 'current' }, { session });
  if (chunk?.isOpen !== true) return undefined;
  const { number, opIds } = chunk;
  const found = operations.find({ _id: { $in: opIds }, state: 'COMMITTED' }, { session, ...WITHOUT_OUTBOX });
  return { number, opIds, sums: withOperations(EMPTY_SUPPLY, (await found.toArray()).map(parseOperation)) };
}
