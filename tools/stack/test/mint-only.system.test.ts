import { randomBytes } from 'node:crypto';
import {
  CheckStateEnum,
  hasValidDleq,
  MintOperationError,
  type Proof,
  type ProofState,
  sumProofs,
  Wallet,
} from '@cashu/cashu-ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { scrape, sumOf } from '../metrics.ts';
import { portOf } from '../port-plan.ts';
import { startTestStack, type TestStack } from './stack-fixture.ts';

// A mint alone with fake Lightning, as wallet developers run it, and a stock cashu-ts.

const PAID_WITHIN_MS = 6_000;
/** An example of BOLT-11: 2,500 µBTC, expired since 2017, of a node that nobody here knows. */
const FOREIGN_REQUEST =
  'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh';

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack({ only: 'mint', bolt11: 'fake' });
});
afterAll(() => stack.stop());

async function satWallet(options: { bip39seed?: Uint8Array } = {}): Promise<Wallet> {
  const wallet = new Wallet(`http://127.0.0.1:${portOf(stack.options, 'mintHttp')}`, { unit: 'sat', ...options });
  await wallet.loadMint();
  return wallet;
}

async function minted(wallet: Wallet, amount: number): Promise<Proof[]> {
  const { quote } = await wallet.createMintQuoteBolt11(amount);
  await wallet.on.onceMintPaid(quote, { timeoutMs: PAID_WITHIN_MS });
  return wallet.mintProofsBolt11(amount, quote);
}

const worth = (proofs: readonly Proof[]) => sumProofs([...proofs]).toNumber();

test('just NATS, MongoDB, signatory and mint run, and the mint says that its Lightning is fake', async () => {
  expect(stack.instances.map(({ service }) => service)).toEqual(['signatory', 'mint']);
  expect(stack.servers.started.map(({ name }) => name)).toHaveLength(2);
  const wallet = await satWallet();
  expect(wallet.getMintInfo().name).toContain('FAKE LIGHTNING');
  const keysets = wallet.keyChain.getKeysets();
  expect(keysets.map(({ unit, fee }) => [unit, fee])).toContainEqual(['sat', 100]);
});

test('a quote pays itself and is told over the WebSocket; what is minted can be swapped and every signature is proven', async () => {
  const wallet = await satWallet();
  const proofs = await minted(wallet, 1_337);
  const { keep, send } = await wallet.send(100, proofs, { includeFees: false });
  expect([worth(proofs), worth(send), worth(keep)]).toEqual([1_337, 100, 1_237 - 1]);
  const genuine = [...keep, ...send].map((proof) =>
    hasValidDleq(proof, wallet.keyChain.getKeyset(proof.id), { require: true }),
  );
  expect(genuine).not.toContain(false);
});

test('a locked quote is minted by its key only, over the message that current wallets sign', async () => {
  const wallet = await satWallet();
  const privkey = toHex(randomBytes(32));
  const quote = await wallet.createLockedMintQuote(64, toHex(publicKeyOf(Buffer.from(privkey, 'hex'))));
  await wallet.on.onceMintPaid(quote.quote, { timeoutMs: PAID_WITHIN_MS });
  await expect(wallet.mintProofsBolt11(64, quote, { privkey: toHex(randomBytes(32)) })).rejects.toThrow();
  expect(worth(await wallet.mintProofsBolt11(64, quote, { privkey }))).toBe(64);
  const samples = await scrape(stack.instances.map(({ metricsPort }) => metricsPort));
  expect(sumOf(samples, 'assay_mint_nut20_total', { version: 'v1' })).toBe(1);
});

test('ecash locked to a key is received by that key and by no other', async () => {
  const wallet = await satWallet();
  const bob = randomBytes(32);
  const lock = { pubkey: toHex(publicKeyOf(bob)) };
  const { send } = await wallet.ops
    .send(64, await minted(wallet, 128))
    .asP2PK(lock)
    .run();
  const mallory = wallet.receive(send, { privkey: toHex(randomBytes(32)) });
  await expect(mallory).rejects.toThrow(MintOperationError);
  await expect(mallory).rejects.toMatchObject({
    code: 20008,
    message: expect.stringMatching(/witness.*p2pk.*signature/i),
  });
  expect(worth(await wallet.receive(send, { privkey: toHex(bob) }))).toBe(63);
});

test('an invoice of elsewhere is paid once: the inputs are spent and the rest of the reserve comes back', async () => {
  const wallet = await satWallet();
  const proofs = await minted(wallet, 300_000);
  const quote = await wallet.createMeltQuoteBolt11(FOREIGN_REQUEST);
  expect([quote.amount.toNumber(), quote.fee_reserve.toNumber()]).toEqual([250_000, 5_000]);
  const { send, keep } = await wallet.send(255_000, proofs, { includeFees: true });
  const paid = await wallet.meltProofsBolt11(quote, send);
  expect(paid.quote.state).toBe('PAID');
  // Backend fee 1, nothing lost in rounding.
  expect(worth(paid.change)).toBe(4_999);
  const states = await wallet.checkProofsStates([...send, ...keep]);
  expect(states.map(({ state }) => state)).toEqual([
    ...send.map(() => CheckStateEnum.SPENT),
    ...keep.map(() => CheckStateEnum.UNSPENT),
  ]);
});

test('an invoice of this mint is settled inside, without a fee', async () => {
  const wallet = await satWallet();
  const [payer, { quote, request }] = [await minted(wallet, 64), await wallet.createMintQuoteBolt11(32)];
  const melt = await wallet.createMeltQuoteBolt11(request);
  expect(melt.fee_reserve.toNumber()).toBe(0);
  const { send } = await wallet.send(32, payer, { includeFees: true });
  const { quote: settled } = await wallet.meltProofsBolt11(melt, send);
  expect(settled.state).toBe('PAID');
  expect(worth(await wallet.mintProofsBolt11(32, quote))).toBe(32);
});

test('whoever watches a proof is told when it is spent', async () => {
  const wallet = await satWallet();
  const proofs = await minted(wallet, 63);
  const spent = new Promise<ProofState>((resolve, reject) => {
    void wallet.on
      .proofStateUpdates(proofs, (update) => update.state === CheckStateEnum.SPENT && resolve(update), reject)
      .then(() => wallet.receive(proofs))
      .catch(reject);
  });
  expect(await spent).toMatchObject({ state: 'SPENT' });
  wallet.mint.disconnectWebSocket();
});

test('a wallet that lost everything but its seed has its ecash again', async () => {
  const bip39seed = randomBytes(64);
  const wallet = await satWallet({ bip39seed });
  const { quote } = await wallet.createMintQuoteBolt11(70);
  await wallet.on.onceMintPaid(quote, { timeoutMs: PAID_WITHIN_MS });
  const proofs = await wallet.ops.mintBolt11(70, quote).asDeterministic(5).run();
  const { proofs: restored } = await (await satWallet({ bip39seed })).batchRestore();
  expect(restored).toEqual(proofs);
});
