import { present } from '@assay/shared/kernel/assert';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { currentTrace, inSpan } from '@assay/shared/runtime/telemetry';
import { firstRefusalInTurns } from '../domain/checks.ts';
import { feeOf } from '../domain/fees.ts';
import type { FailedMelt, Melt, MeltIntent, PendingMelt } from '../domain/melt.ts';
import { MELT_CHECKS, type MeltSubject } from '../domain/melt-checks.ts';
import { type MeltQuote, parseMeltMethod } from '../domain/melt-quote.ts';
import type { PointHex } from '../domain/operation.ts';
import { quoteHash } from '../domain/quote-id.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { MeltRequest, RequestLimits } from '../domain/request.ts';
import type { Patience } from '../melt-ports.ts';
import type { IssuanceControl, Operations } from '../ports.ts';
import type { Turns } from '../turn-ports.ts';
import { catchUpMeltQuote, followOwnMelt } from './catch-up-melt-quote.ts';
import { ATTEMPTS_MAX, type Ended, measured, refusedWith, unitNamed } from './operate.ts';
import { payMelt, type PayMeltPorts } from './pay-melt.ts';
import { pointsOfSecrets } from './points-of-secrets.ts';
import { refuseAtOnce } from './refuse-at-once.ts';
import { refuseProofs } from './refuse-proofs.ts';
import { refuseSigned } from './refuse-signed.ts';
import { refuseSpent } from './refuse-spent.ts';

export interface MeltPorts extends PayMeltPorts {
  readonly operations: Operations;
  readonly control: IssuanceControl;
  readonly limits: RequestLimits;
  readonly patience: Patience;
  readonly turns: Turns;
}

export interface MeltCommand extends MeltRequest {
  readonly opId: string;
  /** Of the path: any text, only the method of the quote counts. */
  readonly method: string;
}

/**
 * NUT-05: locks the inputs, pays, and spends them with the change signed, or frees them. Repeating the request gives the
 * same answer, and tries again after a payment that certainly failed. The answer is the quote: PAID, or PENDING while it
 * is not known how the payment ends.
 */
export function melt(ports: MeltPorts, command: MeltCommand): Promise<Result<MeltQuote, Refusal>> {
  const { method, inputs, outputs, quoteId } = command;
  const attributes = {
    method: parseMeltMethod(method) ?? 'unknown',
    unit: unitNamed(ports.keysets, inputs),
    inputs: inputs.length,
    outputs: outputs.length,
    quote: quoteHash(quoteId),
  };
  return inSpan('mint.melt', { attributes }, async (span) => {
    const ys = await pointsOfSecrets(ports, inputs);
    return measured({ ...ports, kind: 'MELT', span }, () => meltUntilDecided(ports, command, ys));
  });
}

async function meltUntilDecided(
  ports: MeltPorts,
  command: MeltCommand,
  ys: () => readonly PointHex[],
): Promise<Ended<MeltQuote>> {
  for (let lost = 0; lost < ATTEMPTS_MAX; lost += 1) {
    const stored = await ports.melts.find(command.opId);
    if (stored !== undefined && stored.state !== 'FAILED') return storedAnswer(ports, stored);
    const planned = await plan(ports, command, ys);
    if (!planned.ok) return refusedUnlessStored(ports, command.opId, planned.error);
    const pending = await reserve(ports, planned.value.intent, stored);
    if (pending !== undefined) return pay(ports, pending, planned.value.quote, command);
  }
  return refusedWith(refusal('concurrent-change'));
}

/** The same request may have locked its inputs meanwhile: then its own effects are what was refused. */
async function refusedUnlessStored(ports: MeltPorts, opId: string, refused: Refusal): Promise<Ended<MeltQuote>> {
  const stored = await ports.melts.find(opId);
  return stored === undefined || stored.state === 'FAILED' ? refusedWith(refused) : storedAnswer(ports, stored);
}

/** By the operation alone: a moment later its quote may be of another one, or free. */
async function storedAnswer(ports: MeltPorts, { meltQuoteId, state }: Melt): Promise<Ended<MeltQuote>> {
  if (state === 'FAILED') return refusedWith(refusal('payment-failed'));
  const quote = await quoteOf(ports, meltQuoteId);
  return state === 'COMMITTED' ? { outcome: 'replayed', answer: ok(quote) } : pendingAnswer(quote);
}

function pendingAnswer(quote: MeltQuote): Ended<MeltQuote> {
  return { outcome: 'pending', answer: ok({ ...quote, state: 'PENDING', preimage: undefined, change: [] }) };
}

async function quoteOf(ports: MeltPorts, meltQuoteId: string): Promise<MeltQuote> {
  return present(await catchUpMeltQuote(ports, meltQuoteId), 'quote of a melt');
}

interface PlannedMelt {
  readonly intent: MeltIntent;
  readonly quote: MeltQuote;
}

async function plan(
  ports: MeltPorts,
  command: MeltCommand,
  ys: () => readonly PointHex[],
): Promise<Result<PlannedMelt, Refusal>> {
  const subject = await subjectOf(ports, command, ys);
  const refused = (await firstRefusalInTurns(MELT_CHECKS, subject, ports.turns)) ?? (await refuseLast(ports, subject));
  if (refused !== undefined) return err(refused);
  return ok({ intent: intentOf(command.opId, subject), quote: present(subject.quote, 'checked melt quote') });
}

function refuseLast(ports: MeltPorts, { inputs, outputs, ys }: MeltSubject): Promise<Refusal | undefined> {
  return refuseAtOnce(refuseProofs(ports, inputs), refuseSpent(ports, ys()), refuseSigned(ports, outputs));
}

async function subjectOf(ports: MeltPorts, command: MeltCommand, ys: () => readonly PointHex[]): Promise<MeltSubject> {
  const { control, keysets, clock, limits, quoteStore } = ports;
  const { quote, rival } = await quoteAndRival(ports, command.quoteId);
  return {
    ...command,
    ys,
    keysetOf: (id) => keysets.get(id),
    level: control.level(),
    now: clock.now(),
    limits,
    quote,
    rival,
    pays: quote?.paysQuote === undefined ? undefined : await quoteStore.find(quote.paysQuote),
  };
}

/** A melt of the quote itself holds the same payment key, so most often one look at the operations is enough. */
async function quoteAndRival(ports: MeltPorts, quoteId: string): Promise<Pick<MeltSubject, 'quote' | 'rival'>> {
  const quote = await ports.meltQuotes.find(quoteId);
  const paying = quote && (await ports.melts.findPayment(quote.paymentKey));
  if (paying !== undefined && paying.meltQuoteId !== quoteId) return { quote, rival: paying.state };
  const isAsItSays = quote === undefined || (paying === undefined && quote.state === 'UNPAID');
  return { quote: isAsItSays ? quote : await catchUpMeltQuote(ports, quoteId), rival: undefined };
}

function intentOf(opId: string, { quote, inputs, outputs, ys, keysetOf }: MeltSubject): MeltIntent {
  const { quote: meltQuoteId, method, unit, paymentKey } = present(quote, 'checked melt quote');
  return {
    ...{ opId, method, unit, meltQuoteId, paymentKey },
    inputs: inputs.map(({ keyset, amount, witness }, index) => ({
      y: present(ys()[index], 'y'),
      keyset,
      amount,
      witness,
    })),
    blanks: outputs.map(({ b, keyset }) => ({ b, keyset })),
    fee: feeOf(inputs, keysetOf),
    trace: currentTrace(),
  };
}

/** The melt as it is reserved now, or undefined when another operation was first. */
async function reserve(
  { melts, clock }: MeltPorts,
  intent: MeltIntent,
  failed: FailedMelt | undefined,
): Promise<PendingMelt | undefined> {
  const outcome = await inSpan('mint.reserve', {}, () =>
    failed === undefined ? melts.reserve(intent) : melts.reserveAgain(failed, intent),
  );
  if (outcome === 'duplicate') return undefined;
  const { attempt, version } = failed ?? { attempt: 0, version: 0 };
  return { ...intent, state: 'PENDING', attempt: attempt + 1, version: version + 1, updatedAt: clock.now() };
}

async function pay(
  ports: MeltPorts,
  melt: PendingMelt,
  unpaid: MeltQuote,
  { prefersAsync }: MeltCommand,
): Promise<Ended<MeltQuote>> {
  const quote = await followOwnMelt(ports, unpaid, melt);
  const paying = payMelt(ports, melt, quote);
  if (prefersAsync) {
    ports.patience.leave(paying);
    return pendingAnswer(quote);
  }
  const paid = (await ports.patience.waitFor(paying))?.paid;
  if (paid !== undefined) return { outcome: 'committed', answer: ok(paid) };
  return storedAnswer(ports, present(await ports.melts.find(melt.opId), 'melt that was reserved'));
}
