import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningMint, runMint } from '../../../apps/mint/test/running-mint.ts';
import { runLine } from './run-line.ts';

let database: TestDatabase;
let nats: NatsServer;
let mint: RunningMint;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  mint = await runMint({ db: database.db, natsUrl: nats.url });
});

afterAll(async () => {
  await mint.stop();
  await nats.stop();
  await database.drop();
});

const line = async (text: string) => {
  const { mint: ASSAYCTL_MINT, mintAdmin: ASSAYCTL_MINT_ADMIN } = mint.addresses;
  const ran = await runLine(text.split(' '), { environment: { ASSAYCTL_MINT, ASSAYCTL_MINT_ADMIN } });
  return { ...ran, json: (): unknown => JSON.parse(ran.out) };
};

test('a mint that nobody has used is balanced and has no quotes, grants and dead letters', async () => {
  expect((await line('supply -o json')).json()).toMatchObject({ operations: '0', imbalances: [] });
  expect((await line('quotes list -o json')).json()).toEqual([]);
  expect((await line('grants list -o json')).json()).toEqual([]);
  expect((await line('dead-letters list --service mint -o json')).json()).toEqual([]);
  const keysets = (await line('keysets list --unit hash -o json')).json();
  expect(keysets).toMatchObject([{ unit: 'HASH', active: true }]);
});

test('a pause holds until somebody resumes; a repeat of either changes nothing', async () => {
  const pause = 'pause --level issuance --reason looking-at-it --request-id p-1 -o json';
  const paused = await line(pause);
  expect(paused.json()).toMatchObject({ level: 'ISSUANCE', reason: 'looking-at-it' });
  expect((await line(pause)).out).toBe(paused.out);
  expect(await line('pause --level all --reason other --request-id p-1')).toMatchObject({ code: 4 });
  const resumed = await line('resume --reason found-and-mended --actor alice -o json');
  expect(resumed.json()).toMatchObject({ level: 'NONE', by: 'operator/alice' });
});

test('a grant is proposed by one operator and credited by another, once', async () => {
  const propose = 'grants propose --unit sat --amount 1000 --grant-id g-1 --reason first-rewards --actor alice -o json';
  expect((await line(propose)).json()).toMatchObject({ state: 'PROPOSED', amount: '1000' });
  const own = await line('grants approve g-1 --reason my-own-one --actor alice');
  expect(own).toMatchObject({ code: 6 });
  expect(own.err).toContain('SAME_ACTOR');
  const approved = await line('grants approve g-1 --reason checked-the-books --actor bob -o json');
  expect(approved.json()).toMatchObject({ state: 'APPROVED', fund: { credited: '1000' } });
  expect((await line('grants list --state approved -o json')).json()).toMatchObject([{ grantId: 'g-1' }]);
});

test('what does not exist is not found', async () => {
  expect(await line(`operations get ${'ab'.repeat(32)}`)).toMatchObject({ code: 5 });
  expect(await line('quotes get pool-1/none')).toMatchObject({ code: 5 });
  expect(await line('dead-letters show none --service mint')).toMatchObject({ code: 5 });
});
