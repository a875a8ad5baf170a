import { ErrorCode } from '@assay/proto/gen/signatory/signatory';
import { fromHex } from '@assay/shared/kernel/bytes';
import { keysetIdV1 } from '@assay/shared/kernel/cashu-curve';
import { amount } from '@assay/shared/kernel/money';
import { err } from '@assay/shared/kernel/result';
import { testContext, type TestContext } from '@assay/testkit/context';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CdkLikeSignatory, cdkLikeSignatory } from '../../../test/cdk-like-signatory.ts';
import { aKeyset, memoryKeysets, memorySignatory } from '../../../test/memory-keys.ts';
import { blind, unblind } from '../../../test/wallet-secrets.ts';
import type { Keyset } from '../../domain/keyset.ts';
import { pointOfSecret } from '../../domain/side-checks.ts';
import type { Unit } from '../../domain/unit.ts';
import { grpcSignatory } from './grpc-signatory.ts';
import { subscribeKeysets } from './keyset-cache.ts';

const SAT = aKeyset({ name: 'sat', unit: 'sat' as Unit, inputFeePpk: 100n });
const HASH = aKeyset({ name: 'hash', finalExpiryS: 2_059_210_353n });
const RETIRED = aKeyset({ name: 'retired', unit: 'sat' as Unit, active: false });
/** Of the time before version 2: eight bytes. */
const IMPORTED: Keyset = {
  ...RETIRED,
  id: keysetIdV1(new Map([...RETIRED.keys].map(([value, key]) => [value, fromHex(key)]))),
};
const KEYSETS = [IMPORTED, HASH, SAT];

let server: CdkLikeSignatory;
let context: TestContext;
beforeEach(async () => {
  server = await cdkLikeSignatory(KEYSETS);
  context = testContext();
});
afterEach(async () => {
  await context.stop();
  await server.end();
});

const outputs = ['a', 'b', 'c'].map((name) => blind(name, 4n, SAT).output);
const PROOF = { keyset: SAT.id, amount: amount(4n), secret: 's', c: pointOfSecret('s') };

describe('a signatory of cdk', () => {
  it('tells its keysets: of both versions, with fields of a later schema, in no order', async () => {
    const keysets = subscribeKeysets(context, server.client);
    await expect.poll(() => keysets.isFresh()).toBe(true);
    expect(keysets.all()).toEqual(KEYSETS);
  });

  it('tells no keyset of a version that is not known here', async () => {
    const unknown = { ...SAT, id: `02${SAT.id.slice(2)}` };
    server.tell([...KEYSETS, unknown]);
    const keysets = subscribeKeysets(context, server.client);
    // It leaves the stream that told such a thing, and asks again.
    await expect.poll(() => server.subscribed()).toBeGreaterThan(1);
    expect(keysets.isFresh()).toBe(false);
  });

  it('signs and verifies', async () => {
    const signatory = grpcSignatory(server.client);
    const signed = await signatory.blindSign(outputs);
    expect(signed).toEqual(await memorySignatory(memoryKeysets(KEYSETS)).blindSign(outputs));
    const [signature] = signed.ok ? signed.value : [];
    if (signature === undefined) throw new Error('not signed');
    const proof = unblind(blind('a', 4n, SAT), signature, SAT);
    expect(await signatory.verifyProofs([proof])).toBe(true);
    expect(await signatory.verifyProofs([{ ...proof, secret: 'other' }])).toBe(false);
  });

  it.each([
    [1, 'Amount Overflow', 'amount-outside-limit'],
    // Its code for repeated outputs is that of repeated inputs.
    [2, 'Duplicate outputs', 'repeated-output'],
    [4, 'Unknown Keyset', 'keyset-unknown'],
    [5, 'Inactive Keyset', 'keyset-inactive'],
  ] as const)('refuses to sign with code %i, whatever its text is', async (code, detail, refused) => {
    const signatory = grpcSignatory(server.client);
    server.fail({ code, detail });
    expect(await signatory.blindSign(outputs)).toEqual(err(refused));
  });

  it('that says what has no code here, or a code of a later schema, is a fault and no refusal', async () => {
    const signatory = grpcSignatory(server.client);
    for (const code of [ErrorCode.ERROR_CODE_UNSPECIFIED, 99 as ErrorCode]) {
      server.fail({ code, detail: 'Expired keyset' });
      await expect(signatory.blindSign(outputs)).rejects.toThrow('Expired keyset');
      await expect(signatory.verifyProofs([PROOF])).rejects.toThrow('Expired keyset');
    }
    server.fail(undefined);
    expect(await signatory.blindSign(outputs)).toMatchObject({ ok: true });
  });
});
