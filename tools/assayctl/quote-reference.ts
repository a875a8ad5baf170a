import type { GetQuoteRequest } from '@assay/proto/gen/assay/mint/v1/mint_service';

/** What a person may call a quote: its id, its natural key, or the batch that it pays. */
export function quoteRequestOf(text: string): GetQuoteRequest {
  const [, funded = '', reference = ''] = /^(reward|escrow):(.+)$/.exec(text) ?? [];
  if (funded !== '') return { by: { $case: 'reference', value: { method: funded, reference } } };
  const [, poolId = '', batchId = ''] = /^(?:ehash:)?([^/:]+)\/(.+)$/.exec(text) ?? [];
  if (poolId !== '') return { by: { $case: 'batch', value: { poolId, batchId } } };
  return { by: { $case: 'quoteId', value: text.replace(/^bolt11:/, '') } };
}
