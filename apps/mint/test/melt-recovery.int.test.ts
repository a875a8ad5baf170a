import { KeysetVersion, SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { systemClock } from '@assay/shared/runtime/clock';
import { grpcClient } from '@assay/shared/runtime/grpc-client';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mongoMelts } from '../src/adapters/mongo/melts.ts';
import { mongoMeltQuotes } from '../src/adapters/mongo/melt-quotes.ts';
import type { OutgoingDocument } from '../src/adapters/payments/fake-ledger.ts';
import { feeOf } from '../src/domain/fees.ts';
import { pointOfSecret } from '../src/domain/side-checks.ts';
import { foreignRequest, meltBody, meltOpId, rawWallet, type RawWallet } from './lightning-wallet.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';
import { blinds } from './requests.ts';

const NEVER = new Date('2100-01-01');
const DENOMINATIONS = Array.from({ length: 32 }, (_, exponent) => 2n ** BigInt(exponent));
const ENDED_WITHIN_MS = 20_000;

let processes: MintProcesses;
let wallet: RawWallet;
beforeAll(async () => {
  processes = await startMintProcesses(2, { MINT_BOLT11_BACKEND: 'fake', MINT_FAKE_PAY_DELAY_MS: '0' });
  wallet = rawWallet(processes.mints[0]?.url ?? '');
});
afterAll(() => processes.stop());

const outgoing = () => processes.database.db.collection<OutgoingDocument>('fakeOutgoing');

/** A melt of 50 sat that an instance reserved before it died; the text is its request. */
async function left(name: string) {
  const [inputs, keyset] = [await wallet.fund(name, [64n]), await wallet.keyset()];
  const { quote } = await wallet.quote(foreignRequest(name, 50n));
  const body = meltBody(name, quote, { inputs, keyset });
  const { db } = processes.database;
  const stored = await mongoMeltQuotes(db).find(quote);
  if (stored === undefined) throw new Error('no quote');
  const reserve = () =>
    mongoMelts(db, systemClock).reserve({
      opId: meltOpId(body),
      ...{ method: stored.method, unit: stored.unit, meltQuoteId: quote, paymentKey: stored.paymentKey },
      inputs: inputs.map(({ secret, c: _, ...input }) => ({ ...input, y: pointOfSecret(secret) })),
      blanks: blinds(`${name}-blank`, [1n, 1n, 1n, 1n], keyset).map(({ output }) => output),
      fee: feeOf(inputs, () => keyset),
      trace: undefined,
    });
  return { body, quote, keyset, opId: meltOpId(body), reserve };
}

function paid(quote: string) {
  return until(
    'the melt is paid',
    async () => {
      const { json } = await wallet.get(`/v1/melt/quote/bolt11/${quote}`);
      return json['state'] === 'PAID' ? (json as { change: { id: string; amount: number }[] }) : undefined;
    },
    ENDED_WITHIN_MS,
  );
}

async function rotateSat(): Promise<void> {
  const metadata = { 'x-signatory-schema-version': '2', 'x-assay-caller': 'mint' };
  const client = grpcClient(SignatoryService, { url: processes.signatoryUrl, deadlineMs: 5_000, metadata });
  const { error } = await client.rotateKeyset({
    unit: { currencyUnit: { $case: 'customUnit', value: 'sat' } },
    ...{ inputFeePpk: 0n, amounts: DENOMINATIONS, finalExpiry: undefined },
    keysetVersion: KeysetVersion.KEYSET_VERSION_V2,
  });
  client.close();
  expect(error).toBeUndefined();
}

describe('a melt whose instance died', () => {
  it('before it asked the backend is paid by whoever finds it, once', async () => {
    const { quote, opId, body, reserve } = await left('never-seen');
    expect(await reserve()).toBe('committed');
    const { change } = await paid(quote);
    expect(change.map(({ amount }) => amount)).toEqual([4, 8]);
    expect(await outgoing().countDocuments({ _id: opId })).toBe(1);
    expect((await wallet.post('/v1/melt/bolt11', body)).json).toMatchObject({ state: 'PAID', change });
  });

  it('and whose payment failed is free again', async () => {
    const { quote, opId, body, reserve } = await left('failed');
    await outgoing().insertOne({ _id: opId, request: 'failed', amount: 50n, fee: 0n });
    await reserve();
    await until('the quote is unpaid again', async () => {
      const stored = await mongoMelts(processes.database.db, systemClock).find(opId);
      return stored?.state === 'FAILED' && (await wallet.stateOf(quote)) === 'UNPAID' ? true : undefined;
    });
    expect((await wallet.post('/v1/melt/bolt11', body)).json).toMatchObject({ state: 'PAID' });
  });

  it('before a rotation has its change signed by the keyset whose outputs it reserved', async () => {
    const { quote, opId, keyset, reserve } = await left('rotated');
    const request = foreignRequest('rotated', 50n);
    await outgoing().insertOne({ _id: opId, request, amount: 50n, fee: 1n, payAt: NEVER });
    await reserve();
    await rotateSat();
    await until('the rotation is heard', async () => {
      const { id } = await wallet.keyset();
      return id === keyset.id ? undefined : true;
    });
    expect(await wallet.stateOf(quote)).toBe('PENDING');
    await outgoing().updateOne({ _id: opId }, { $set: { payAt: new Date(0) } });
    const { change } = await paid(quote);
    expect(change.map(({ id, amount }) => [id, amount])).toEqual([
      [keyset.id, 4],
      [keyset.id, 8],
    ]);
  });
});
