import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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
import { CACHE } from '@assay/testkit/find-server';
import { isAlive } from '@assay/testkit/is-alive';
import { publicKeyOf } from '@assay/shared/kernel/schnorr';
import { freePortBase } from '../free-port-base.ts';
import { scrape, sumOf } from '../metrics.ts';
import { runningStack } from '../state.ts';
import { until } from '../until.ts';
import { stackCommand, type StackCommand } from './stack-command.ts';

// A mint alone with fake Lightning, as wallet developers run it, and a stock cashu-ts.

const PAID_WITHIN_MS = 6_000;
/** An example of BOLT-11: 2,500 µBTC, expired since 2017, of a node that nobody here knows. */
const FOREIGN_REQUEST =
  'lnbc2500u1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu9qrsgquk0rl77nj30yxdy8j9vdx85fkpmdla2087ne0xh8nhedh8w27kyke0lp53ut353s06fv3qfegext0eh0ymjpf39tuven09sam30g4vgpfna3rh';

const runs = join(CACHE, 'run');
mkdirSync(runs, { recursive: true });
const dataDir = mkdtempSync(join(runs, 'mint-only-'));
let command: StackCommand;
let mintUrl: string;

beforeAll(async () => {
  const portBase = String(await freePortBase());
  command = stackCommand(['--only', 'mint', '--bolt11', 'fake', '--port-base', portBase, '--data', dataDir]);
  const ready = async () => /mint URL +(\S+)[^]*Ctrl-C/.exec(command.output())?.[1];
  const url = await until(ready, (found) => found !== undefined, 110_000).catch((error: unknown) =>
    Promise.reject(new Error(command.output(), { cause: error })),
  );
  mintUrl = url ?? '';
});
afterAll(() => {
  command.child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

async function satWallet(options: { bip39seed?: Uint8Array } = {}): Promise<Wallet> {
  const wallet = new Wallet(mintUrl, { unit: 'sat', ...options });
  await wallet.loadMint();
  return wallet;
}

async function minted(wallet: Wallet, amount: number): Promise<Proof[]> {
  const { quote } = await wallet.createMintQuoteBolt11(amount);
  await wallet.on.onceMintPaid(quote, { timeoutMs: PAID_WITHIN_MS });
  return wallet.mintProofsBolt11(amount, quote);
}

const worth = (proofs: readonly Proof[]) => sumProofs([...proofs]).toNumber();

test('just NATS, MongoDB, signatory and mint run, and all say that Lightning is fake', async () => {
  const running = runningStack(dataDir)?.processes.map(({ name }) => name) ?? [];
  expect(running).toHaveLength(4);
  expect(running).toEqual(expect.arrayContaining(['signatory', 'mint']));
  expect(command.output()).toContain('Lightning is FAKE');
  const wallet = await satWallet();
  expect(wallet.getMintInfo().name).toContain('FAKE LIGHTNING');
  expect(wallet.keyChain.getKeysets().map(({ unit, fee }) => [unit, fee])).toContainEqual(['sat', 100]);
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
  const samples = await scrape(runningStack(dataDir)?.processes.flatMap(({ metricsPort }) => metricsPort ?? []) ?? []);
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

test('Ctrl-C ends it and everything that it started', async () => {
  const pids = runningStack(dataDir)?.processes.map(({ pid }) => pid) ?? [];
  command.child.kill('SIGINT');
  await once(command.child, 'close');
  expect(command.child.exitCode).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(runningStack(dataDir)).toBeUndefined();
});
