import { OperationKind } from '@assay/proto/gen/assay/mint/v1/events';
import { OperationState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HASH_UNIT } from '../src/domain/unit.ts';
import { KEYSET } from './committed-operations.ts';
import { blind } from './wallet-secrets.ts';
import { ecash, tokenA, tokenB, wireProof } from './redeemed-proofs.ts';
import { type RunningMint, runMint } from './running-mint.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

let database: TestDatabase;
let nats: NatsServer;
let mint: RunningMint;
let there: RunningMint;
let registry: RunningMint['teams'];

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  mint = await runMint({ db: database.db, natsUrl: nats.url });
  there = await runMint({ db: database.db, natsUrl: nats.url });
  registry = mint.teamsAs('registry');
});

afterAll(async () => {
  await mint.stop();
  await there.stop();
  await nats.stop();
  await database.drop();
});

const refused = (code: string, reason: string) => expect.objectContaining({ code, reason });
const asked = (key: string, more: object = {}) => ({ key, unit: 'HASH', amount: 9n, proofs: [], token: '', ...more });
const nine = async (name: string) => (await ecash(KEYSET, name, [1n, 8n])).map(wireProof);

describe('RedeemProofs', () => {
  test('takes proofs in for the fund of their unit, and the same key gets the same operation', async () => {
    const proofs = await nine('first');
    const first = await registry.redeemProofs(asked('k-1', { proofs }));
    expect(first.operation).toMatchObject({
      kind: OperationKind.OPERATION_KIND_REDEEM,
      state: OperationState.OPERATION_STATE_COMMITTED,
      ...{ unit: 'HASH', out: 9n, fee: 0n, surplus: 0n, issued: [] },
    });
    expect(await registry.redeemProofs(asked('k-1', { proofs: proofs.toReversed() }))).toEqual(first);
    await mint.projection.catchUp();
    expect(await mint.funds.find(HASH_UNIT)).toMatchObject({ credited: 9n, paid: 0n });
    const supply = await mint.teams.getSupply({ atMs: 0n });
    expect(supply.methods).toMatchObject([{ unit: 'HASH', method: 'redeem', redeemed: 9n, minted: 0n }]);
    expect(supply.funds).toMatchObject([{ unit: 'HASH', credited: 9n, pending: 0n }]);
  });

  test('what was just taken in pays an escrow quote at once', async () => {
    await registry.redeemProofs(asked('k-2', { proofs: await nine('second') }));
    const { credited, paid } = await mint.funds.find(HASH_UNIT);
    expect(credited - paid).toBeLessThanOrEqual(18n);
    const quote = await registry.createQuote({
      ...{ requestId: 'c-1', method: 'escrow', reference: 'e-1', unit: 'HASH', amount: 18n },
      pubkey: Buffer.from(WALLET_KEY, 'hex'),
    });
    expect(quote.quote).toMatchObject({ naturalKey: 'escrow:e-1', amountPaid: 18n });
    expect(await mint.funds.find(HASH_UNIT)).toMatchObject({ credited: 18n, paid: 18n, pending: [] });
  });

  test.each([
    ['cashuA', tokenA],
    ['cashuB', tokenB],
  ])('reads a %s token', async (name, tokenOf) => {
    const token = tokenOf(await ecash(KEYSET, name, [1n, 8n]));
    const { operation } = await registry.redeemProofs(asked(`k-${name}`, { token }));
    expect(operation).toMatchObject({ out: 9n });
    expect(operation?.spent.map(({ keyset }) => keyset)).toEqual([KEYSET.id, KEYSET.id]);
  });

  test('refuses with the reasons of its table', async () => {
    const proofs = await nine('first');
    const fresh = await nine('fresh');
    const forged = fresh.map((proof) => ({ ...proof, c: Buffer.from(blind('x', 1n, KEYSET).output.b, 'hex') }));
    const cases: [object, string, string][] = [
      [{ key: 'k-1', proofs, amount: 8n }, 'ALREADY_EXISTS', 'REFERENCE_REUSED'],
      [{ key: 'k-1', proofs: fresh }, 'ALREADY_EXISTS', 'REFERENCE_REUSED'],
      [{ proofs }, 'FAILED_PRECONDITION', 'PROOF_SPENT'],
      [{ proofs: fresh, amount: 8n }, 'INVALID_ARGUMENT', 'TOKEN_AMOUNT_MISMATCH'],
      [{ proofs: forged }, 'INVALID_ARGUMENT', 'PROOF_INVALID'],
      [{ proofs: fresh, unit: 'SAT' }, 'INVALID_ARGUMENT', 'PROOF_INVALID'],
      [{ proofs: [...fresh, ...fresh], amount: 18n }, 'INVALID_ARGUMENT', 'PROOF_INVALID'],
      [{}, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ proofs: fresh, token: 'cashuA' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ token: 'cashuAabc' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ proofs: fresh, key: '' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
    ];
    for (const [more, code, reason] of cases) {
      await expect(registry.redeemProofs(asked('k-new', more)), reason).rejects.toEqual(refused(code, reason));
    }
    await expect(mint.teamsAs('rewards').redeemProofs(asked('k-new', { proofs: fresh }))).rejects.toEqual(
      refused('PERMISSION_DENIED', 'CALLER_NOT_ALLOWED'),
    );
    expect(await mint.operations.findSpent([])).toEqual(new Map());
  });

  test('of a hundred at once, at two instances, for the same proofs under two keys one takes them in', async () => {
    const proofs = await nine('raced');
    const [one, other] = [registry, there.teamsAs('registry')];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        (n % 2 === 0 ? one : other).redeemProofs(asked(`race-${n % 4}`, { proofs })).then(
          ({ operation }) => operation?.opId,
          (error: { reason: string }) => error.reason,
        ),
      ),
    );
    const redeemed = new Set(answers.filter((answer) => answer !== 'PROOF_SPENT'));
    expect(redeemed.size).toBe(1);
    expect([...redeemed][0]).toMatch(/^[0-9a-f]{64}$/);
  });
});
