import { type Amount, amount as amountOf } from '@assay/shared/kernel/money';
import { present } from '@assay/shared/kernel/assert';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { currentTrace, inSpan, openSpan, type Span } from '@assay/shared/runtime/telemetry';
import { firstRefusalInTurns } from '../domain/checks.ts';
import { MINT_CHECKS, type MintSubject, type QuoteClaim, sharesOf } from '../domain/mint-checks.ts';
import { nut20Version } from '../domain/nut20.ts';
import { once } from '../domain/once.ts';
import { mintable, parseQuoteMethod, type Quote } from '../domain/quote.ts';
import { quoteHash } from '../domain/quote-id.ts';
import type { Refusal } from '../domain/refusals.ts';
import type { BatchMintRequest, BlindedOutput, MintRequest, RequestLimits } from '../domain/request.ts';
import { quoteSignatureAccepted } from '../telemetry.ts';
import type { IssuanceControl, Keysets, Projection, QuoteReader, Signatory } from '../ports.ts';
import type { Turns } from '../turn-ports.ts';
import { type Answer, operate, type OperatePorts, type PlannedOperation, sign, unitNamed } from './operate.ts';
import { refuseSigned } from './refuse-signed.ts';

const NOTHING = amountOf(0n);

export interface IssuePorts extends OperatePorts {
  readonly control: IssuanceControl;
  readonly keysets: Keysets;
  readonly quotes: QuoteReader;
  readonly projection: Projection;
  readonly signatory: Signatory;
  readonly limits: RequestLimits;
  /** Quotes of one batch. */
  readonly batchMax: number;
  readonly turns: Turns;
}

interface OfPath {
  readonly opId: string;
  /** Of the path: any text, only the method of the quotes counts. */
  readonly method: string;
}

export type IssueRequest = MintRequest & OfPath;
export type IssueBatchRequest = BatchMintRequest & OfPath;

/** A mint of one quote, or of several at once. */
interface Issue extends OfPath {
  readonly outputs: readonly BlindedOutput[];
  readonly claimed: readonly Claimed[];
  readonly batchMax: number | undefined;
}

interface Claimed {
  readonly quoteId: string;
  readonly amount: Amount | undefined;
  readonly signature: string | undefined;
}

/** NUT-04: signs outputs against what is paid and not yet issued. Repeating the request gives the same answer. */
export function issueTokens(ports: IssuePorts, request: IssueRequest): Promise<Answer> {
  const { quoteId, signature } = request;
  return issue(ports, { ...request, claimed: [{ quoteId, signature, amount: undefined }], batchMax: undefined });
}

/** NUT-29: as `issueTokens`, of several quotes in one operation: all or nothing. */
export function issueBatch(ports: IssuePorts, request: IssueBatchRequest): Promise<Answer> {
  const { quoteIds, amounts, signatures } = request;
  const claimed = quoteIds.map((quoteId, at) => ({ quoteId, amount: amounts?.[at], signature: signatures?.[at] }));
  return issue(ports, { ...request, claimed, batchMax: ports.batchMax });
}

function issue(ports: IssuePorts, request: Issue): Promise<Answer> {
  const { opId, method, outputs, claimed } = request;
  const known = {
    method: parseQuoteMethod(method) ?? 'unknown',
    unit: unitNamed(ports.keysets, outputs),
    outputs: outputs.length,
  };
  const attributes =
    request.batchMax === undefined
      ? { ...known, quote: quoteHash(claimed[0]?.quoteId ?? '') }
      : { ...known, quotes: claimed.length };
  const startedAt = ports.clock.now();
  let claims: readonly QuoteClaim[] = [];
  const plan = async (lost: number) => {
    if (lost === 0) {
      claims = await claimsOf(ports, request);
      const planned = await planIssue(ports, request, claims);
      // Stored counters may lag behind the operations: what they refuse is decided again on the true ones.
      if (planned.ok || !claims.some(mayBeStale)) return planned;
    }
    claims = await rebuilt(ports, claims);
    return planIssue(ports, request, claims);
  };
  const committed = (span: Span) => {
    ports.projection.wake();
    for (const { quote, quoteId } of claims) {
      linkWithShare(quote, span, { startMs: startedAt, attributes: { ...known, quote: quoteHash(quoteId) } });
    }
  };
  return inSpan('mint.issue-tokens', { attributes }, (span) =>
    operate(ports, { kind: 'MINT', opId, plan, committed }, span),
  );
}

async function claimsOf({ quotes }: IssuePorts, { claimed, outputs, batchMax = 1 }: Issue): Promise<QuoteClaim[]> {
  // Too many are refused by their row, whatever they are.
  const found = await quotes.findByIds(claimed.slice(0, batchMax).map(({ quoteId }) => quoteId));
  const byId = new Map(found.map((quote) => [quote.quote, quote]));
  return claimed.map(({ quoteId, amount, signature = '' }) => {
    const quote = byId.get(quoteId);
    const signedAs = once(() => (quote && signature ? nut20Version({ outputs, signature }, quote) : undefined));
    return { quoteId, quote, amount, hasSignature: signature !== '', signedAs };
  });
}

/** Only a quote that can be minted may have been minted meanwhile. */
function mayBeStale({ quote }: QuoteClaim): boolean {
  return quote !== undefined && mintable(quote) > 0n;
}

function rebuilt({ quotes }: IssuePorts, claims: readonly QuoteClaim[]): Promise<QuoteClaim[]> {
  const again = async (claim: QuoteClaim) =>
    claim.quote !== undefined && mayBeStale(claim)
      ? { ...claim, quote: await quotes.rebuild(claim.quote.naturalKey) }
      : claim;
  return Promise.all(claims.map(again));
}

async function planIssue(
  ports: IssuePorts,
  { outputs, opId, method, batchMax }: Issue,
  claims: readonly QuoteClaim[],
): Promise<Result<PlannedOperation, Refusal>> {
  const { control, keysets, clock, limits, signatory } = ports;
  const keysetOf = (id: string) => keysets.get(id);
  const sides = { inputs: [], ys: () => [], outputs, keysetOf, now: clock.now(), limits };
  const subject: MintSubject = { ...sides, level: control.level(), method, claims, batchMax };
  const refused =
    (await firstRefusalInTurns(MINT_CHECKS, subject, ports.turns)) ?? (await refuseSigned(ports, outputs));
  if (refused !== undefined) return err(refused);
  countSignatures(claims);
  const signatures = await sign(signatory, outputs);
  return signatures.ok ? ok(operationOf(opId, subject, signatures.value)) : signatures;
}

function operationOf(opId: string, subject: MintSubject, outputs: PlannedOperation['outputs']): PlannedOperation {
  const shares = sharesOf(subject);
  const quotes = subject.claims.map(({ quote }) => present(quote, 'checked quote'));
  const { method, unit } = present(quotes[0], 'checked quote');
  const steps = quotes.map(({ naturalKey, issueCount }, at) => {
    return { naturalKey, step: issueCount, amount: present(shares[at], 'share of a quote') };
  });
  return {
    ...{ opId, kind: 'MINT', method, unit, inputs: [], outputs, quotes: steps },
    ...{ fee: NOTHING, out: NOTHING, surplus: NOTHING },
  };
}

function countSignatures(claims: readonly QuoteClaim[]): void {
  for (const { quote, signedAs } of claims) {
    const version = quote?.pubkey === undefined ? undefined : signedAs();
    if (version !== undefined) quoteSignatureAccepted(version);
  }
}

/** The wallet's request and the share's trace are two traces: each gets a link to the other. */
function linkWithShare(
  quote: Quote | undefined,
  span: Span,
  options: { startMs: number; attributes: Record<string, string | number> },
): void {
  if (quote?.trace === undefined) return;
  const issued = openSpan('quote.issued', { ...options, parent: quote.trace, links: [currentTrace()] });
  span.addLink({ context: issued.span.spanContext() });
  issued.end();
}
