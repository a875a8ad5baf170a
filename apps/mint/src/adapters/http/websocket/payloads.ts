import type { Observed } from '../../../domain/subscriptions/observed.ts';
import { renderQuote, renderState } from '../answers.ts';
import { type Renderable, renderJson } from '../json-text.ts';
import { renderMeltQuote } from '../melt-routes.ts';

/** What NUT-17 calls payload, letter by letter what the HTTP API answers. */
export function renderPayload(observed: Observed): string {
  return renderJson(render(observed));
}

function render(observed: Observed): Renderable {
  switch (observed.is) {
    case 'mint-quote':
      return renderQuote(observed.quote);
    case 'melt-quote':
      return renderMeltQuote(observed.quote);
    case 'proof':
      return renderState(observed.proof);
  }
}
