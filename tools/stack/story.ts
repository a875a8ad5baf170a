import type { StackClients } from './clients.ts';
import type { FirstToken } from './work.ts';

export interface Story {
  readonly batchId: string;
  readonly traceId: string;
  readonly lines: readonly string[];
}

/** How one share became ecash: asks each service about its own step. */
export async function tellStory(clients: StackClients, token: FirstToken): Promise<Story> {
  const [poolId = '', batchId = ''] = token.quote.request.replace(/^ehash:/, '').split('/');
  const { batch } = await clients.pool.getBatch({ batchId });
  const audited = await clients.auditor.getBatch({ poolId, batchId });
  const { quote, traceId } = await clients.mint.getQuote({ by: { $case: 'batch', value: { poolId, batchId } } });
  const accepted = batch?.accepted;
  const verdict = audited.batch?.verdict;
  const share = accepted?.shares[0];
  const shown = (bytes: Uint8Array | undefined) =>
    Buffer.from(bytes ?? [])
      .toString('hex')
      .slice(0, 16);
  const sum = (proofs: FirstToken['minted']) =>
    proofs.reduce((total, proof) => total + BigInt(proof.amount.toString()), 0n);
  return {
    batchId,
    traceId,
    lines: [
      `share    header ${shown(share?.header80)}… credit ${share?.credit ?? 0n} ehash`,
      `batch    ${batchId.slice(0, 16)}… #${accepted?.keySeq ?? 0n} of its key, ${accepted?.shares.length ?? 0} shares, ${accepted?.creditSum ?? 0n} ehash declared`,
      `verdict  ${verdict?.code ?? '?'}, ${verdict?.credited ?? 0n} ehash credited, hash ${shown(verdict?.verdictHash)}…`,
      `quote    ${token.quote.quote} ${quote === undefined ? '' : `paid ${quote.amountPaid}, issued ${quote.amountIssued}`}`,
      `token    ${token.minted.length} proofs worth ${sum(token.minted)}, DLEQ verified; swapped into ${token.swapped.length} new ones`,
      `trace    ${traceId}   (npm run trace -- ${traceId})`,
    ],
  };
}
