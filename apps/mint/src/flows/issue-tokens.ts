import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount as amountOf, sumAmounts } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { currentTrace, inSpan, openSpan, type Span } from '@assay/shared/runtime/telemetry';
import { firstRefusal } from '../domain/checks.ts';
import { MINT_CHECKS } from '../domain/mint-checks.ts';
import { type Nut20Version, nut20Version } from '../domain/nut20.ts';
import { once } from '../domain/once.ts';
import type { Quote } from '../domain/quote.ts';
import type { Refusal } from '../domain/refusals.ts';
import type { MintRequest, RequestLimits } from '../domain/request.ts';
import { quoteSignatureAccepted } from '../telemetry.ts';
import type { IssuanceControl, Keysets, Projection, QuoteReader, Signatory } from '../ports.ts';
import { type Answer, operate, type OperatePorts, type PlannedOperation, sign } from './operate.ts';
import { refuseSigned } from './refuse-signed.ts';

const NOTHING = amountOf(0n);

export interface IssuePorts extends OperatePorts {
  readonly control: IssuanceControl;
  readonly keysets: Keysets;
  readonly quotes: QuoteReader;
  readonly projection: Projection;
  readonly signatory: Signatory;
  readonly limits: RequestLimits;
}

export interface IssueRequest extends MintRequest {
  readonly opId: string;
  /** Of the path: any text, only the method of the quote counts. */
  readonly method: string;
}

/** NUT-04: signs outputs against what is paid and not yet issued. Repeating the request gives the same answer. */
export function issueTokens(ports: IssuePorts, request: IssueRequest): Promise<Answer> {
  const { opId, method, outputs } = request;
  const attributes = { method, outputs: outputs.length, quote: quoteHash(request.quoteId) };
  const startedAt = ports.clock.now();
  let quote: Quote | undefined;
  const plan = async (lost: number) => {
    if (lost === 0) {
      quote = await findQuote(ports, request);
      const planned = await planIssue(ports, request, quote);
      // Stored counters may lag behind the operations: what they refuse is decided again on the true ones.
      if (planned.ok || quote === undefined) return planned;
    }
    quote = await ports.quotes.rebuild(present(quote, 'quote of an earlier attempt').naturalKey);
    return planIssue(ports, request, quote);
  };
  const committed = (span: Span) => {
    ports.projection.wake();
    linkWithShare(present(quote, 'minted quote'), span, { startMs: startedAt, attributes });
  };
  return inSpan('mint.issue-tokens', { attributes }, (span) =>
    operate(ports, { kind: 'MINT', opId, plan, committed }, span),
  );
}

async function findQuote({ quotes }: IssuePorts, { quoteId }: IssueRequest): Promise<Quote | undefined> {
  return (await quotes.findByIds([quoteId]))[0];
}

async function planIssue(
  ports: IssuePorts,
  request: IssueRequest,
  quote: Quote | undefined,
): Promise<Result<PlannedOperation, Refusal>> {
  const { control, keysets, clock, limits, signatory } = ports;
  const { outputs, signature, method, opId } = request;
  const keysetOf = (id: string) => keysets.get(id);
  const sides = { inputs: [], ys: () => [], outputs, keysetOf, now: clock.now(), limits };
  const signedAs = once(() => quote && signature && nut20Version({ outputs, signature }, quote));
  const refused =
    firstRefusal(MINT_CHECKS, { ...sides, level: control.level(), method, quote, signedAs }) ??
    (await refuseSigned(ports, outputs));
  if (refused !== undefined) return err(refused);
  countSignature(signedAs());
  const { naturalKey, issueCount, unit, method: quoteMethod } = present(quote, 'checked quote');
  const signatures = await sign(signatory, outputs);
  if (!signatures.ok) return signatures;
  const step = { naturalKey, step: issueCount, amount: sumAmounts(outputs.map(({ amount }) => amount)) };
  return ok({
    opId,
    kind: 'MINT',
    method: quoteMethod,
    unit,
    inputs: [],
    outputs: signatures.value,
    quotes: [step],
    fee: NOTHING,
    out: NOTHING,
    surplus: NOTHING,
  });
}

function countSignature(version: Nut20Version | '' | undefined): void {
  if (version) quoteSignatureAccepted(version);
}

/** The wallet's request and the share's trace are two traces: each gets a link to the other. */
function linkWithShare(
  { trace }: Quote,
  span: Span,
  options: { startMs: number; attributes: { method: string; outputs: number; quote: string } },
): void {
  if (trace === undefined) return;
  const issued = openSpan('quote.issued', { ...options, parent: trace, links: [currentTrace()] });
  span.addLink({ context: issued.span.spanContext() });
  issued.end();
}

/** Enough to find a quote in traces, too little to mint from it. */
function quoteHash(quoteId: string): string {
  return toHex(sha256(utf8(quoteId))).slice(0, 16);
}
