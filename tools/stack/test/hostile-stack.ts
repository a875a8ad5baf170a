import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Proof, Wallet } from '@cashu/cashu-ts';
import { expect } from 'vitest';
import {
  AuditorAdminServiceService,
  type Batch as AuditedBatch,
  BatchState,
  TemplateState,
} from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { MintAdminServiceService, type Quote, QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import type { DeadLetter } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { BatchAccepted, type Share, type TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { CALLER_HEADER } from '@assay/shared/runtime/grpc-definition';
import type { Mining } from '@assay/testkit/hostile-batch';
import { type HostilePool, type Miner, startHostilePool } from '@assay/testkit/hostile-pool';
import { partsOfNodeTemplate, type TemplateParts } from '@assay/testkit/hostile-template';
import type { BitcoindServer } from '@assay/testkit/servers';
import { stackClients } from '../clients.ts';
import { ADMIN_STEP, portOf } from '../port-plan.ts';
import { POOL_ID } from '../service-plan.ts';
import { until } from '../until.ts';
import { nodeTemplate, startPayingChain } from './paying-chain.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

/** A share of one hash in 256 is worth 16 ehash. */
const CREDIT_SHIFT = 4;
const TRANSACTIONS = 2;
const JUDGED_MS = 30_000;

/** A miner who uses one extranonce prefix. */
export interface HostileMiner extends Miner {
  readonly prefix: string;
}

/** Mint, signatory and auditor as processes before a real bitcoind, and in the pool's place whoever stole its key. */
export interface HostileStack {
  readonly stack: TestStack;
  readonly node: BitcoindServer;
  readonly pool: HostilePool;
  newMiner(): HostileMiner;
  /** Honest parts of a template on what the node would have mined now, distinct each time. */
  honestParts(change?: Partial<TemplateParts>): Promise<TemplateParts>;
  mine(miner: HostileMiner, template: TemplateDeclared, mining?: Mining): Share;
  /** An honest batch of `shares` shares, published. */
  honestBatch(miner: HostileMiner, template: TemplateDeclared, shares?: number): Promise<BatchAccepted>;
  /** What the auditor knows of a batch. */
  batch(batch: BatchAccepted): Promise<AuditedBatch | undefined>;
  /** The auditor's word on a batch once it is judged. */
  verdict(batch: BatchAccepted): Promise<{ result: string; code: string; excluded: unknown }>;
  template(template: TemplateDeclared, states?: readonly string[]): Promise<{ code: string; answers: string[] }>;
  quote(batch: BatchAccepted): Promise<Quote>;
  quoteIn(batch: BatchAccepted, state: keyof typeof QuoteState): Promise<Quote>;
  /** The letter under which each of the two keeps a raw event that it cannot accept. */
  deadLetter(at: 'auditor' | 'mint', raw: Uint8Array): Promise<DeadLetter>;
  /** Says that the cause of a breach is mended. */
  acknowledge(breachId: string, requestId: string): Promise<unknown>;
  resume(requestId: string): Promise<unknown>;
  /** Asks for the tokens of a quote with a request that the miner's key signs. */
  mint(miner: HostileMiner, quote: Pick<Quote, 'quoteId'>, amount: bigint): Promise<Proof[]>;
  stop(): Promise<void>;
}

export async function startHostileStack(): Promise<HostileStack> {
  const node = await startPayingChain(TRANSACTIONS);
  const stack = await startTestStack({
    replicas: { pool: 0 },
    creditShift: CREDIT_SHIFT,
    environment: { BITCOIND_RPC_URL: node.url.replace('//', `//${node.credentials}@`) },
  }).catch(async (error: unknown) => {
    await node.stop();
    throw error;
  });
  const pool = await startHostilePool({
    natsUrl: stack.servers.natsUrl,
    poolId: POOL_ID,
    creditShift: CREDIT_SHIFT,
    poolSecret: fromHex(readFileSync(stack.identity.poolKeyFile, 'utf8').trim()),
    script: payoutScriptOf(stack),
    grpcPort: portOf(stack.options, 'poolGrpc'),
  });
  const questions = askServices(stack);
  const wallet = new Wallet(`http://127.0.0.1:${portOf(stack.options, 'mintHttp')}`, { unit: 'hash' });
  await wallet.loadMint();

  const mine: HostileStack['mine'] = (miner, template, mining) => {
    const [share] = pool.mine(template, 1, { prefix: miner.prefix, ...mining });
    if (share === undefined) throw new Error('one share was asked for');
    return share;
  };
  return {
    ...{ stack, node, pool, mine },
    ...questions.ask,
    newMiner: () => ({ ...pool.newMiner(), prefix: toHex(randomBytes(4)) }),
    honestParts: async (change) => ({
      ...partsOfNodeTemplate(await nodeTemplate(node), pool),
      scriptTail: Uint8Array.from([8, ...randomBytes(8)]),
      ...change,
    }),
    honestBatch: async (miner, template, shares = 2) => {
      const batch = pool.batch(
        miner,
        template,
        [...Array(shares).keys()].map(() => mine(miner, template)),
      );
      await pool.publish(batch);
      return batch;
    },
    mint: (miner, { quoteId }, amount) =>
      wallet.mintProofs('ehash', Number(amount), { quote: quoteId }, { privkey: toHex(miner.secret) }),
    stop: async () => {
      questions.close();
      await pool.stop();
      await stack.stop();
      await node.stop();
    },
  };
}

function payoutScriptOf(stack: TestStack): Uint8Array {
  const auditor = stack.instances.find(({ service }) => service === 'auditor');
  const [pool] = JSON.parse(auditor?.env['AUDITOR_POOLS'] ?? '[]') as { scripts: string[] }[];
  return fromHex(pool?.scripts[0] ?? '');
}

type Question = 'batch' | 'verdict' | 'template' | 'quote' | 'quoteIn' | 'deadLetter' | 'acknowledge' | 'resume';

function askServices(stack: TestStack) {
  const clients = stackClients(stack.options);
  const mintAdmin = grpcClient(MintAdminServiceService, operatorAt(stack, 'mintGrpc'));
  const auditorAdmin = grpcClient(AuditorAdminServiceService, operatorAt(stack, 'auditorGrpc'));
  const reason = 'the thief has no key any more';
  const quote: HostileStack['quote'] = async ({ poolId, batchId }) => {
    const found = await clients.mint.getQuote({ by: { $case: 'batch', value: { poolId, batchId } } });
    if (found.quote === undefined) throw new Error('an answer without quote');
    return found.quote;
  };
  const askBatch: HostileStack['batch'] = async ({ poolId, batchId }) =>
    (await clients.auditor.getBatch({ poolId, batchId })).batch;
  const ask: Pick<HostileStack, Question> = {
    acknowledge: (breachId, requestId) => auditorAdmin.acknowledgeBreach({ requestId, reason, breachId }),
    resume: (requestId) => mintAdmin.resumeIssuance({ requestId, reason }),
    batch: askBatch,
    verdict: async (wanted) => {
      const batch = await until(
        () => askBatch(wanted),
        (found) => found?.verdict !== undefined,
        JUDGED_MS,
      );
      const result = nameIn(BatchState, batch?.state).replace('BATCH_STATE_', '');
      return { result, code: batch?.code ?? '', excluded: batch?.verdict?.excluded };
    },
    template: async ({ templateId }, states = ['VALID', 'INVALID']) => {
      const given = async () => (await clients.auditor.getTemplate({ templateId })).template;
      const nameOf = (state?: number) => nameIn(TemplateState, state).replace('TEMPLATE_STATE_', '');
      const found = await until(given, (one) => states.includes(nameOf(one?.state)), JUDGED_MS);
      return { code: found?.code ?? '', answers: found?.nodeAnswers.map(({ answer }) => answer) ?? [] };
    },
    quote,
    quoteIn: (batch, state) =>
      until(
        () => quote(batch),
        (found) => found.state === QuoteState[state],
        JUDGED_MS,
      ),
    deadLetter: async (at, raw) => {
      const deadLetterId = `poison:${toHex(sha256(raw))}`;
      const ask = at === 'auditor' ? clients.auditor : mintAdmin;
      const { deadLetter } = await until(
        () => ask.getDeadLetter({ deadLetterId }),
        (answer) => answer.deadLetter !== undefined,
        JUDGED_MS,
      );
      if (deadLetter === undefined) throw new Error('an answer without letter');
      return deadLetter;
    },
  };
  const close = () => {
    clients.close();
    mintAdmin.close();
    auditorAdmin.close();
  };
  return { ask, close };
}

function operatorAt({ options }: TestStack, name: 'mintGrpc' | 'auditorGrpc') {
  const url = `127.0.0.1:${portOf(options, name) + ADMIN_STEP}`;
  return { url, deadlineMs: 5_000, metadata: { [CALLER_HEADER]: 'operator' } };
}

function nameIn(table: Readonly<Record<string, number>>, value: number | undefined): string {
  return Object.keys(table).find((name) => table[name] === value) ?? '';
}

/** What the mint answers to whoever wants tokens of a quote that is not paid. */
export const NOT_PAID = 20_001;

/** The batch was judged bad, its quote FAILED, and its miner gets nothing whatever is asked for. */
export async function isNeverPaid(
  hostile: HostileStack,
  { batch, miner }: { batch: BatchAccepted; miner: HostileMiner },
  code: string,
): Promise<void> {
  expect(await hostile.verdict(batch)).toMatchObject({ result: 'INVALID', code });
  const quote = await hostile.quoteIn(batch, 'QUOTE_STATE_FAILED');
  expect(quote).toMatchObject({ amountPaid: 0n, amountIssued: 0n, auditCode: code });
  await mintsNothing(hostile, miner, quote);
}

/** Minting is refused, in the whole amount and in the smallest. */
export async function mintsNothing(hostile: HostileStack, miner: HostileMiner, quote: Quote): Promise<void> {
  for (const amount of new Set([1n, quote.amountRequested])) {
    await expect(hostile.mint(miner, quote, amount)).rejects.toMatchObject({ code: NOT_PAID });
  }
}

/** The batch is VALID, its quote PAID, and its miner gets exactly what was credited. */
export async function isPaid(
  hostile: HostileStack,
  { batch, miner }: { batch: BatchAccepted; miner: HostileMiner },
  { code = 'OK', credited = batch.creditSum } = {},
): Promise<void> {
  expect(await hostile.verdict(batch)).toMatchObject({ result: 'VALID', code });
  const quote = await hostile.quoteIn(batch, 'QUOTE_STATE_PAID');
  expect(quote).toMatchObject({ amountRequested: batch.creditSum, amountPaid: credited, amountIssued: 0n });
  const proofs = await hostile.mint(miner, quote, credited);
  expect(proofs.reduce((sum, proof) => sum + BigInt(proof.amount.toString()), 0n)).toBe(credited);
}

/** The bytes of a batch as both consumers get them. */
export function rawOf(batch: BatchAccepted): Uint8Array {
  return BatchAccepted.encode(batch).finish();
}
