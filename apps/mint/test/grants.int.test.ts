import { CATALOGUE } from '@assay/proto/catalogue';
import { FundCause, FundChanged } from '@assay/proto/gen/assay/mint/v1/events';
import { GrantState, QuoteState } from '@assay/proto/gen/assay/mint/v1/mint_service';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proposed } from '../src/domain/grant.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { amount } from '@assay/shared/kernel/money';
import { approveGrant, creditGrants } from '../src/flows/approve-grant.ts';
import { Crash, crashing } from './failpoints.ts';
import { type RunningMint, runMint } from './running-mint.ts';
import { WALLET_KEY } from './wallet-secrets.ts';

let database: TestDatabase;
let nats: NatsServer;
let mint: RunningMint;
let alice: RunningMint['operators'];
let bob: RunningMint['operators'];
let rewards: RunningMint['teams'];

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  mint = await runMint({ db: database.db, natsUrl: nats.url });
  [alice, bob] = [mint.operatorsAs('operator/alice'), mint.operatorsAs('operator/bob')];
  rewards = mint.teamsAs('rewards');
});

afterAll(async () => {
  await mint.stop();
  await nats.stop();
  await database.drop();
});

let requests = 0;
const named = () => ({ requestId: `r-${(requests += 1)}`, reason: 'rewards of May' });
const grant = (grantId: string, more: object = {}) => ({ ...named(), grantId, unit: 'SAT', amount: 100n, ...more });
const refused = (code: string, reason: string) => expect.objectContaining({ code, reason });
const satFund = async () => (await mint.teams.getSupply({ atMs: 0n })).funds.find(({ unit }) => unit === 'SAT');

describe('a grant', () => {
  test('is credited when another operator approves it, once', async () => {
    const proposedGrant = await alice.grantFund(grant('g-1'));
    expect(proposedGrant.grant).toMatchObject({
      state: GrantState.GRANT_STATE_PROPOSED,
      proposedBy: 'operator/alice',
      unit: 'SAT',
    });
    expect(await satFund()).toBeUndefined();
    await expect(alice.approveGrant({ ...named(), grantId: 'g-1' })).rejects.toEqual(
      refused('PERMISSION_DENIED', 'SAME_ACTOR'),
    );
    const nobody = mint.operators.approveGrant({ ...named(), grantId: 'g-1' });
    await expect(nobody).rejects.toEqual(refused('PERMISSION_DENIED', 'SAME_ACTOR'));
    for (let n = 0; n < 2; n += 1) {
      const approved = await bob.approveGrant({ ...named(), grantId: 'g-1' });
      expect(approved.grant).toMatchObject({ state: GrantState.GRANT_STATE_APPROVED, approvedBy: 'operator/bob' });
      expect(approved.fund).toMatchObject({ unit: 'SAT', credited: 100n, paid: 0n, pending: 0n });
    }
  });

  test('is one content for ever, of a unit that is not audited', async () => {
    await alice.grantFund(grant('g-2'));
    expect((await bob.grantFund(grant('g-2'))).grant).toMatchObject({ proposedBy: 'operator/alice' });
    for (const more of [{ amount: 101n }, { reason: 'of June' }]) {
      await expect(alice.grantFund(grant('g-2', more))).rejects.toEqual(refused('ALREADY_EXISTS', 'REFERENCE_REUSED'));
    }
    await expect(alice.grantFund(grant('g-3', { unit: 'HASH' }))).rejects.toEqual(
      refused('INVALID_ARGUMENT', 'FUND_UNIT_AUDITED'),
    );
    for (const more of [{ amount: 0n }, { amount: 2n ** 53n }, { unit: 'usd' }, { unit: '' }, { grantId: 'g 3' }]) {
      await expect(alice.grantFund(grant('g-3', more))).rejects.toEqual(refused('INVALID_ARGUMENT', 'REQUEST_INVALID'));
    }
    await expect(bob.approveGrant({ ...named(), grantId: 'g-3' })).rejects.toEqual(
      refused('NOT_FOUND', 'GRANT_UNKNOWN'),
    );
  });

  test('is listed by state, a page after the other', async () => {
    const first = await alice.listGrants({ state: GrantState.GRANT_STATE_UNSPECIFIED, pageSize: 1, pageToken: '' });
    expect(first.grants.map(({ grantId }) => grantId)).toEqual(['g-1']);
    const state = GrantState.GRANT_STATE_PROPOSED;
    const open = await alice.listGrants({ state, pageSize: 0, pageToken: first.nextPageToken });
    expect(open.grants.map(({ grantId }) => grantId)).toEqual(['g-2']);
    expect(open.nextPageToken).toBe('');
  });

  test.each(['before', 'after'] as const)('is credited once, whatever crashes %s a call', async (when) => {
    const { credited } = await mint.funds.find(SAT_UNIT);
    let grants = 0n;
    for (let at = 1, crashed = true; crashed; at += 1) {
      const grantId = `${when}-${at}`;
      const terms = { grantId, unit: SAT_UNIT, amount: amount(1n), reason: 'of May' };
      await mint.grants.insert(proposed(terms, 'operator/alice', mint.clock.now()));
      const points = { calls: 0, at, when };
      const ports = { grants: crashing(mint.grants, points), funds: crashing(mint.funds, points), clock: mint.clock };
      const ended: unknown = await approveGrant(ports, grantId, 'operator/bob').catch((error: unknown) => error);
      crashed = ended instanceof Crash;
      await creditGrants(mint);
      await approveGrant(mint, grantId, 'operator/bob');
      await creditGrants(mint);
      grants += 1n;
      expect(await mint.funds.find(SAT_UNIT)).toMatchObject({ credited: credited + grants });
    }
    expect(await mint.grants.listUncredited()).toEqual([]);
    expect(grants).toBeGreaterThanOrEqual(4n);
  });
});

describe('CreateQuote', () => {
  const asked = (reference: string, more: object = {}) => ({
    ...{ requestId: `c-${reference.replace('/', '-')}`, method: 'reward', reference, unit: 'SAT', amount: 40n },
    pubkey: Buffer.from(WALLET_KEY, 'hex'),
    ...more,
  });

  test('pays a reward from the fund; the same request id and the same reference are the same quote', async () => {
    const before = await mint.funds.find(SAT_UNIT);
    const first = await rewards.createQuote(asked('2026/05-a'));
    expect(first.quote).toMatchObject({
      ...{ naturalKey: 'reward:2026/05-a', method: 'reward', unit: 'SAT', state: QuoteState.QUOTE_STATE_PAID },
      ...{ amountPaid: 40n, amountIssued: 0n, reference: '2026/05-a' },
    });
    expect(await rewards.createQuote(asked('2026/05-a'))).toEqual(first);
    expect(await rewards.createQuote(asked('2026/05-a', { requestId: 'other' }))).toEqual(first);
    expect(await mint.funds.find(SAT_UNIT)).toMatchObject({ paid: before.paid + 40n, pending: [] });
    const by = { $case: 'reference', value: { method: 'reward', reference: '2026/05-a' } } as const;
    expect((await mint.teams.getQuote({ by })).quote).toEqual(first.quote);
  });

  test('refuses with the reasons of its table', async () => {
    await rewards.createQuote(asked('r-1'));
    const cases: [object, string, string][] = [
      [{ amount: 41n }, 'ALREADY_EXISTS', 'REQUEST_ID_REUSED'],
      [{ amount: 41n, requestId: 'c-2' }, 'ALREADY_EXISTS', 'REFERENCE_REUSED'],
      [{ reference: 'r-3', requestId: 'c-3', amount: 2n ** 50n }, 'FAILED_PRECONDITION', 'FUND_TOO_LOW'],
      [{ method: 'escrow', requestId: 'c-4' }, 'PERMISSION_DENIED', 'METHOD_NOT_CREATABLE'],
      [{ method: 'ehash', requestId: 'c-5' }, 'PERMISSION_DENIED', 'METHOD_NOT_CREATABLE'],
      [{ method: 'bolt11', requestId: 'c-6' }, 'PERMISSION_DENIED', 'METHOD_NOT_CREATABLE'],
      [{ reference: 'r 1', requestId: 'c-7' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ reference: 'x'.repeat(97), requestId: 'c-8' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ pubkey: Buffer.alloc(32), requestId: 'c-9' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ unit: '', requestId: 'c-10' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
      [{ requestId: '' }, 'INVALID_ARGUMENT', 'REQUEST_INVALID'],
    ];
    for (const [more, code, reason] of cases) {
      await expect(rewards.createQuote(asked('r-1', more)), reason).rejects.toEqual(refused(code, reason));
    }
    const registry = mint.teamsAs('registry').createQuote(asked('r-1', { requestId: 'c-11' }));
    await expect(registry).rejects.toEqual(refused('PERMISSION_DENIED', 'METHOD_NOT_CREATABLE'));
    const auditor = mint.teamsAs('auditor').createQuote(asked('r-1', { requestId: 'c-12' }));
    await expect(auditor).rejects.toEqual(refused('PERMISSION_DENIED', 'CALLER_NOT_ALLOWED'));
  });
});

test('every change of the fund is told, with the fund as it was after it', async () => {
  const told = await until('the outbox is empty', async () => {
    const pending = await database.db.collection('funds').countDocuments({ 'outbox.0': { $exists: true } });
    return pending > 0 ? undefined : changesTold();
  });
  expect(told[0]).toMatchObject({ fund: 'SAT', cause: FundCause.FUND_CAUSE_GRANT, id: 'g-1', amount: 100n, paid: 0n });
  const last = told.at(-1);
  const fund = await mint.funds.find(SAT_UNIT);
  expect(last).toMatchObject({ cause: FundCause.FUND_CAUSE_PAYMENT, credited: fund.credited, paid: fund.paid });
  expect(new Set(told.map(({ version }) => version)).size).toBe(told.length);
});

async function changesTold(): Promise<FundChanged[]> {
  const consumer = await mint.bus.js.consumers.get('MINT', {
    filter_subjects: [CATALOGUE['mint.fund.changed'].subject],
  });
  const told: FundChanged[] = [];
  for await (const message of await consumer.fetch({ max_messages: 100, expires: 1_000 })) {
    told.push(FundChanged.decode(message.data));
  }
  return told;
}
