import { present } from '@assay/shared/kernel/assert';
import { amount } from '@assay/shared/kernel/money';
import type { Result } from '@assay/shared/kernel/result';
import { expect, test } from 'vitest';
import { ecash } from '../../test/redeemed-proofs.ts';
import { aMeltQuote, meltCommand, type MeltingMint, meltingMint, satProofs } from '../../test/melting-mint.ts';
import { aReward, fundedRules, memoryFunds, memoryStoredQuotes, putIn } from '../../test/memory-funds.ts';
import { QUOTE_ID } from '../../test/memory-mint.ts';
import { mintRequest, opId, swapRequest } from '../../test/requests.ts';
import { AUDITOR_KEYS, aVerdict, TERMS } from '../../test/signed-facts.ts';
import { signQuote } from '../../test/wallet-secrets.ts';
import type { IssuanceLevel } from '../domain/issuance-level.ts';
import { pendingQuote } from '../domain/quote.ts';
import { HASH_UNIT } from '../domain/unit.ts';
import { checkState } from './check-state.ts';
import { createBolt11Quote } from './create-bolt11-quote.ts';
import { createFundedQuote } from './create-funded-quote.ts';
import { findQuote } from './find-quote.ts';
import { issueBatch, issueTokens } from './issue-tokens.ts';
import { melt } from './melt.ts';
import { recoverMelts } from './recover-melts.ts';
import { redeemProofs } from './redeem-proofs.ts';
import { restoreSignatures } from './restore-signatures.ts';
import { settleQuote } from './settle-quote.ts';
import { swap } from './swap.ts';

/** What the action is answered, once the mint obeys the level. Preparing it is not part of it. */
type Action = (mint: MeltingMint, pause: () => void) => Promise<string>;

const outcome = (answer: Result<unknown, { readonly code: string } | string>) => {
  if (answer.ok) return 'ok';
  return typeof answer.error === 'string' ? answer.error : answer.error.code;
};

const ACTIONS = {
  mint: async ({ ports, keyset }, pause) => {
    pause();
    return outcome(await issueTokens(ports, mintRequest('m', [8n], keyset)));
  },
  'batch mint': async ({ ports, keyset }, pause) => {
    const { outputs } = mintRequest('m', [8n], keyset);
    pause();
    const signatures = [signQuote(QUOTE_ID, outputs)];
    const batch = { opId: opId('m'), method: 'ehash', quoteIds: [QUOTE_ID], amounts: undefined, outputs, signatures };
    return outcome(await issueBatch(ports, batch));
  },
  CreateQuote: async ({ clock }, pause) => {
    const funds = memoryFunds();
    await putIn(funds, 'g', 8n);
    pause();
    const quotes = memoryStoredQuotes(clock);
    const ports = { ...fundedRules(), quotes, fundedQuotes: quotes, funds, clock, control: levels };
    return outcome(await createFundedQuote(ports, aReward('r', 8n)));
  },
  'bolt11 quote': async ({ ports }, pause) => {
    pause();
    const terms = { unit: 'sat', amount: amount(8n), pubkey: undefined, description: undefined };
    return outcome(await createBolt11Quote(ports, terms));
  },
  swap: async ({ ports, keyset }, pause) => {
    const proofs = await ecash(keyset, 'p', [8n]);
    pause();
    return outcome(await swap(ports, opId('s'), swapRequest('s', proofs, [8n], keyset)));
  },
  melt: async (mint, pause) => {
    const quote = await aMeltQuote(mint);
    const inputs = await satProofs(mint, 'p', [8n, 8n]);
    pause();
    return outcome(await melt(mint.ports, meltCommand(mint, 'melt', quote, { inputs })));
  },
  redeem: async ({ ports, keyset }, pause) => {
    const proofs = await ecash(keyset, 'p', [8n]);
    pause();
    const request = { caller: 'registry', key: 'k', unit: HASH_UNIT, amount: 8n, proofs };
    return outcome(await redeemProofs(ports, request));
  },
  'stored answer': async ({ ports, keyset }, pause) => {
    const request = mintRequest('m', [8n], keyset);
    const first = await issueTokens(ports, request);
    pause();
    expect(await issueTokens(ports, request)).toEqual(first);
    return outcome(first);
  },
  checkstate: async ({ ports, keyset }, pause) => {
    const proofs = await ecash(keyset, 'p', [8n]);
    await swap(ports, opId('s'), swapRequest('s', proofs, [8n], keyset));
    pause();
    const operation = present(await ports.operations.find(opId('s')), 'swap');
    const [state] = await checkState(
      ports,
      operation.inputs.map(({ y }) => y),
    );
    return state?.state === 'SPENT' ? 'ok' : 'lost';
  },
  restore: async ({ ports, keyset }, pause) => {
    const { outputs } = mintRequest('m', [8n], keyset);
    await issueTokens(ports, mintRequest('m', [8n], keyset));
    pause();
    const restored = await restoreSignatures(
      ports,
      outputs.map(({ b }) => b),
    );
    return restored.length === 1 ? 'ok' : 'lost';
  },
  'read of a quote': async ({ ports }, pause) => {
    pause();
    return outcome(await findQuote(ports, 'ehash', QUOTE_ID));
  },
  verdict: async ({ ports }, pause) => {
    const terms = { ...TERMS, batchId: 'b-9' };
    const pending = pendingQuote(terms, { quote: ports.quoteIds.next(), now: ports.clock.now(), trace: undefined });
    await ports.quoteStore.insert(pending);
    pause();
    const settled = await settleQuote(
      { quotes: ports.quoteStore, clock: ports.clock, auditorKeys: AUDITOR_KEYS },
      aVerdict({ batchId: 'b-9' }),
    );
    return settled.is === 'settled' ? 'ok' : settled.is;
  },
  'pending melt': async (mint, pause) => {
    const quote = await aMeltQuote(mint);
    const inputs = await satProofs(mint, 'p', [8n, 8n]);
    const command = { ...meltCommand(mint, 'melt', quote, { inputs }), prefersAsync: true };
    await melt(mint.ports, command);
    pause();
    await Promise.all(mint.left);
    mint.clock.advance(10_000);
    await recoverMelts(mint.ports);
    const ended = await mint.ports.melts.find(command.opId);
    return ended?.state === 'COMMITTED' ? 'ok' : 'pending';
  },
} as const satisfies Record<string, Action>;

let obeyed: IssuanceLevel = 'NONE';
const levels = { level: () => obeyed };

/** 03-mint section 15. */
const TABLE: Record<keyof typeof ACTIONS, Record<IssuanceLevel, string>> = {
  mint: { NONE: 'ok', ISSUANCE: 'minting-disabled', ALL: 'minting-disabled' },
  'batch mint': { NONE: 'ok', ISSUANCE: 'minting-disabled', ALL: 'minting-disabled' },
  CreateQuote: { NONE: 'ok', ISSUANCE: 'ISSUANCE_PAUSED', ALL: 'ISSUANCE_PAUSED' },
  'bolt11 quote': { NONE: 'ok', ISSUANCE: 'minting-disabled', ALL: 'minting-disabled' },
  swap: { NONE: 'ok', ISSUANCE: 'ok', ALL: 'paused' },
  melt: { NONE: 'ok', ISSUANCE: 'ok', ALL: 'paused' },
  redeem: { NONE: 'ok', ISSUANCE: 'ok', ALL: 'paused' },
  'stored answer': { NONE: 'ok', ISSUANCE: 'ok', ALL: 'ok' },
  checkstate: { NONE: 'ok', ISSUANCE: 'ok', ALL: 'ok' },
  restore: { NONE: 'ok', ISSUANCE: 'ok', ALL: 'ok' },
  'read of a quote': { NONE: 'ok', ISSUANCE: 'ok', ALL: 'ok' },
  verdict: { NONE: 'ok', ISSUANCE: 'ok', ALL: 'ok' },
  'pending melt': { NONE: 'ok', ISSUANCE: 'ok', ALL: 'ok' },
};

const CASES = Object.entries(TABLE).flatMap(([name, byLevel]) =>
  Object.entries(byLevel).map(([level, expected]) => [name, level, expected] as [string, IssuanceLevel, string]),
);

test.each(CASES)('%s at level %s: %s', async (name, level, expected) => {
  obeyed = 'NONE';
  const mint = meltingMint();
  const action: Action = ACTIONS[name as keyof typeof ACTIONS];
  const answer = await action(mint, () => {
    obeyed = level;
    mint.pause(level);
  });
  expect(answer).toBe(expected);
});
