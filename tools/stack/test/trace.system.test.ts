import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditorAdminServiceService } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { CATALOGUE } from '@assay/proto/catalogue';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import type { ReceivedSpan } from '../../trace/otlp-decode.ts';
import { openWallet } from '../../wallet/ehash-wallet.ts';
import { stackClients } from '../clients.ts';
import { ADMIN_STEP, portOf } from '../port-plan.ts';
import { until } from '../until.ts';
import { EASY_SHARES, startEasyLoad } from './easy-shares.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

// One trace from the share to its ecash, although mint and auditor are restarted while the quote waits.

const ACCEPT = 'pool.judge-share';
const ACCEPTED = CATALOGUE['pool.batch.accepted'].subject;
const VERDICT = CATALOGUE['auditor.verdict.given'].subject;
const EXPECTED = [
  ACCEPT,
  'pool.store-shares',
  'pool.seal-batch',
  `publish ${ACCEPTED}`,
  `process ${ACCEPTED}`,
  'mint.create-quote',
  'auditor.intake',
  'auditor.check-batch',
  `publish ${VERDICT}`,
  `process ${VERDICT}`,
  'mint.settle-quote',
  'quote.pending-wait',
  'quote.issued',
];

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack(EASY_SHARES);
});

afterAll(() => stack.stop());

/** Span names from `span` up to where its parent is not known. */
function ancestry(span: ReceivedSpan, byId: ReadonlyMap<string, ReceivedSpan>): string[] {
  const parent = byId.get(span.parentSpanId);
  return parent === undefined ? [span.name] : [span.name, ...ancestry(parent, byId)];
}

test('one trace leads from the share to its ecash through restarts', { timeout: 120_000 }, async () => {
  const admin = grpcClient(AuditorAdminServiceService, {
    url: `127.0.0.1:${portOf(stack.options, 'auditorGrpc') + ADMIN_STEP}`,
    deadlineMs: 5_000,
    metadata: { 'x-assay-caller': 'operator' },
  });
  const clients = stackClients(stack.options);
  const reason = 'the trace test holds the queue while services restart';
  await admin.pauseQueue({ requestId: 'pause', reason, untilMs: BigInt(Date.now() + 600_000) });
  const load = startEasyLoad(stack, { ratePerSecond: 20, connections: 1 });
  const wallet = await openWallet(`http://127.0.0.1:${portOf(stack.options, 'mintHttp')}`, stack.identity.wallet);
  await until(
    () => wallet.quotes(),
    (quotes) => quotes.some((quote) => quote.audit_state === 'PENDING'),
    30_000,
  );
  await load.stop();
  for (const name of ['mint', 'auditor']) {
    await stack.process(name).stop();
    await stack.process(name).restart();
  }
  await until(
    () => admin.resumeQueue({ requestId: 'resume', reason }),
    () => true,
    30_000,
  );
  const [quote] = await until(
    () => wallet.quotes(true),
    (quotes) => quotes.length > 0,
    60_000,
  );
  if (quote === undefined) throw new Error('no quote was paid');
  await wallet.mint(quote);

  const { traceId } = await clients.mint.getQuote({ by: { $case: 'quoteId', value: quote.quote } });
  const spans = await until(
    async () => stack.receiver?.trace(traceId) ?? [],
    (received) => EXPECTED.every((name) => received.some((span) => span.name === name)),
    30_000,
  );
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const name of EXPECTED) {
    const named = spans.filter((span) => span.name === name);
    const chains = named.map((span) => ancestry(span, byId));
    expect(
      chains.map((chain) => chain.at(-1)),
      `${name} reaches the share`,
    ).toEqual(named.map(() => ACCEPT));
  }
  expect(
    spans.filter((span) => span.parentSpanId !== '' && !byId.has(span.parentSpanId)).map(({ name }) => name),
  ).toEqual([]);
  expect(spans.find(({ name }) => name === 'mint.settle-quote')?.links).not.toEqual([]);
  expect(spans.find(({ name }) => name === 'quote.issued')?.links[0]?.traceId).not.toBe(traceId);
  clients.close();
  admin.close();
});
