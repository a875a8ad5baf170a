import { hasValidDleq, type Proof, Wallet } from '@cashu/cashu-ts';
import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount } from '@assay/shared/kernel/money';
import { systemClock } from '@assay/shared/runtime/clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mongoQuotes } from '../src/adapters/mongo/quotes.ts';
import { pointHex } from '../src/domain/side-checks.ts';
import { pendingQuote, settled } from '../src/domain/quote.ts';
import { mintBody, swapBody } from './http-mint.ts';
import { type MintProcesses, startMintProcesses } from './mint-processes.ts';
import { mintRequest, swapRequest } from './requests.ts';
import { aVerdict, TERMS } from './signed-facts.ts';
import { WALLET_KEY, WALLET_SECRET } from './wallet-secrets.ts';

let processes: MintProcesses;
beforeAll(async () => {
  processes = await startMintProcesses(2);
});
afterAll(() => processes.stop());

/** A quote that the audit settled with `credited`, as the consumers store it. */
async function paid(batchId: string, credited = 28n): Promise<string> {
  const quotes = mongoQuotes(processes.database.db);
  const quoteId = crypto.randomUUID();
  const now = systemClock.now();
  const batchHash = toHex(sha256(utf8(batchId)));
  const pending = pendingQuote(
    { ...TERMS, batchId, batchHash, lockingKey: WALLET_KEY },
    { quote: quoteId, now, trace: undefined },
  );
  await quotes.insert(pending);
  expect(await quotes.replace(settled(pending, aVerdict({ batchId, batchHash, credited }), now))).toBe(true);
  return quoteId;
}

async function wallet(index = 0): Promise<Wallet> {
  const loaded = new Wallet(processes.mints[index]?.url ?? '', { unit: 'hash' });
  await loaded.loadMint();
  return loaded;
}

const privkey = toHex(WALLET_SECRET);
const sum = (proofs: readonly Proof[]) => proofs.reduce((total, proof) => total + proof.amount.toBigInt(), 0n);

async function post(index: number, path: string, body: unknown): Promise<{ code: number; text: string }> {
  const url = `${processes.mints[index % processes.mints.length]?.url}${path}`;
  const text = await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).text();
  return { code: (JSON.parse(text) as { code?: number }).code ?? 200, text };
}

describe('an unmodified wallet', () => {
  it('mints from its audited quote with NUT-20, checks DLEQ, swaps at the other instance and checks states', async () => {
    const [here, there] = [await wallet(0), await wallet(1)];
    const quote = await here.checkMintQuote('ehash', await paid('b-wallet'));
    const minted = await here.mintProofs('ehash', 28, quote, { privkey });
    expect(sum(minted)).toBe(28n);
    const keyset = here.keyChain.getKeyset();
    expect(minted.every((proof) => hasValidDleq(proof, keyset, { require: true }))).toBe(true);
    const { send, keep } = await there.send(5, minted);
    expect([sum(send), sum(keep)]).toEqual([5n, 23n]);
    const received = await here.receive(send);
    expect(received.every((proof) => hasValidDleq(proof, keyset, { require: true }))).toBe(true);
    const states = await here.checkProofsStates([...minted, ...received]);
    expect(states.map(({ state }) => state)).toEqual([
      ...minted.map((proof) => (keep.some(({ secret }) => secret === proof.secret) ? 'UNSPENT' : 'SPENT')),
      ...received.map(() => 'UNSPENT'),
    ]);
    await expect(there.receive(send)).rejects.toMatchObject({ code: 11001 });
  });

  it('restores what it minted from its seed', async () => {
    const seed = new Uint8Array(64).fill(7);
    const first = new Wallet(processes.mints[0]?.url ?? '', { unit: 'hash', bip39seed: seed });
    await first.loadMint();
    const quote = await first.checkMintQuote('ehash', await paid('b-seed'));
    const minted = await first.mintProofs('ehash', 28, quote, { privkey }, { type: 'deterministic', counter: 0 });
    const again = new Wallet(processes.mints[1]?.url ?? '', { unit: 'hash', bip39seed: seed });
    await again.loadMint();
    const { proofs } = await again.restore(0, 20);
    expect(proofs.map(({ C }) => C).sort()).toEqual(minted.map(({ C }) => C).sort());
  });
});

describe('two instances', () => {
  it('a hundred at once for one quote: one success, the others find it issued', async () => {
    const quoteId = await paid('b-race', 8n);
    const keyset = (await wallet()).keyChain.getKeyset();
    const requests = Array.from({ length: 100 }, (_, index) =>
      mintBody(mintRequest(`race-${index}`, [8n], keyset, { quoteId })),
    );
    const answers = await Promise.all(requests.map((body, index) => post(index, '/v1/mint/ehash', body)));
    expect(answers.filter(({ code }) => code === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 20002)).toHaveLength(99);
  });

  it('a hundred at once of one proof: one success, the others find it spent', async () => {
    const first = await wallet();
    const [proof] = await first.mintProofs('ehash', 8, await first.checkMintQuote('ehash', await paid('b-proof', 8n)), {
      privkey,
    });
    if (proof === undefined) throw new Error('nothing was minted');
    const c = pointHex(fromHex(proof.C));
    const input = { amount: amount(8n), keyset: proof.id, secret: proof.secret, c, witness: undefined };
    const bodies = Array.from({ length: 100 }, (_, index) =>
      swapBody(swapRequest(`spend-${index}`, [input], [8n], proof)),
    );
    const answers = await Promise.all(bodies.map((body, index) => post(index, '/v1/swap', body)));
    expect(answers.filter(({ code }) => code === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 11001)).toHaveLength(99);
  });

  it('the same request at both, and after a crash of the signatory and of both: the same bytes', async () => {
    const quoteId = await paid('b-repeat');
    const keyset = (await wallet()).keyChain.getKeyset();
    const body = mintBody(mintRequest('repeat', [4n, 8n], keyset, { quoteId }));
    const [one, other] = await Promise.all([post(0, '/v1/mint/ehash', body), post(1, '/v1/mint/ehash', body)]);
    expect(one.code).toBe(200);
    expect(other).toEqual(one);
    for (const { process } of [{ process: processes.signatory }, ...processes.mints]) {
      await process.kill();
      await process.restart();
    }
    expect(await post(1, '/v1/mint/ehash', body)).toEqual(one);
  });
});
