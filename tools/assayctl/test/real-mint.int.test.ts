import { until } from '@assay/testkit/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Deployment, startDeployment } from '../../bench/deployment.ts';
import { ADMIN_STEP, portOf } from '../../stack/port-plan.ts';
import { runLine } from './run-line.ts';

const NOBODY = '127.0.0.1:9';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ overrides: () => ({}), profileDir: undefined });
  await deployment.start('signatory', 'mint');
}, 180_000);

afterAll(() => deployment.stop());

const line = async (text: string) => {
  const at = (name: Parameters<typeof portOf>[1], step = 0) => `127.0.0.1:${portOf(deployment.options, name) + step}`;
  const environment = {
    ASSAYCTL_MINT: at('mintGrpc'),
    ASSAYCTL_MINT_ADMIN: at('mintGrpc', ADMIN_STEP),
    ASSAYCTL_MINT_URL: `http://${at('mintHttp')}`,
    ASSAYCTL_SIGNATORY: at('signatory'),
    ASSAYCTL_NATS: deployment.natsUrl,
    ASSAYCTL_MONGO: deployment.mongoUri,
  };
  const ran = await runLine(text.split(' '), { environment });
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

test('a rotation makes a keyset, once; the one before signs no more', async () => {
  const rotate =
    'keysets rotate --unit hash --fee-ppk 0 --final-expiry 365d --reason a-new-year --request-id r-1 -o json';
  const rotated = await line(rotate);
  expect(rotated.json()).toMatchObject({ unit: 'HASH', active: true });
  const keysets = (await line('keysets list --unit hash -o json')).json() as { active: boolean }[];
  expect(keysets.map(({ active }) => active).sort()).toEqual([false, true]);
  expect(await line('keysets rotate --unit hash --fee-ppk 0 --final-expiry 5d --reason too-soon')).toMatchObject({
    code: 4,
  });
});

test('doctor finds the mint, its signatory and its servers well, and the services that do not run away', async () => {
  const worst = async () => {
    const { findings } = (await line(`doctor -o json --deadline 5s --pool ${NOBODY} --auditor ${NOBODY}`)).json() as {
      findings: { subject: string; check: string; verdict: string }[];
    };
    return (subject: string) =>
      ['fail', 'warn', 'skip', 'ok'].find((verdict) =>
        findings.some((one) => one.subject === subject && one.verdict === verdict),
      );
  };
  // The health of gRPC follows readiness within a second.
  await until('the mint is well', async () => ((await worst())('mint') === 'ok' ? true : undefined));
  const found = await worst();
  expect(['mint', 'signatory', 'NATS', 'MongoDB'].map(found)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(['pool', 'auditor'].map(found)).toEqual(['fail', 'fail']);
});
