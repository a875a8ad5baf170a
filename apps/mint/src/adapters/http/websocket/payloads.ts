import type { Observed } from '../../../domain/subscriptions/observed.ts';
import { renderQuote, renderState } from '../answers.ts';
import { renderJson } from '../json-text.ts';

/** What NUT-17 calls payload, letter by letter what the HTTP API answers. */
export function renderPayload(observed: Observed): string {
  return renderJson(observed.is === 'proof' ? renderState(observed.proof) : renderQuote(observed.quote));
}
