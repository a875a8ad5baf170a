import { CATALOGUE } from '@assay/proto/catalogue';
import { BreachSeverity } from '@assay/proto/gen/assay/auditor/v1/events';
import { IssuanceLevel } from '@assay/proto/gen/assay/mint/v1/events';
import { publishEvent } from '@assay/shared/runtime/nats';
import { testDatabase, type TestDatabase } from '@assay/testkit/mongo';
import { type NatsServer, startNats } from '@assay/testkit/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followControl } from '../src/flows/follow-control.ts';
import { FakeClock } from '@assay/testkit/fake-clock';
import { type RunningMint, runMint } from './running-mint.ts';
import { until } from '@assay/testkit/until';

let database: TestDatabase;
let nats: NatsServer;
let here: RunningMint;
let there: RunningMint;

beforeAll(async () => {
  [database, nats] = await Promise.all([testDatabase(), startNats()]);
  here = await runMint({ db: database.db, natsUrl: nats.url });
  there = await runMint({ db: database.db, natsUrl: nats.url });
});

afterAll(async () => {
  await here.stop();
  await there.stop();
  await nats.stop();
  await database.drop();
});

const { ISSUANCE_LEVEL_ISSUANCE: ISSUANCE, ISSUANCE_LEVEL_ALL: ALL, ISSUANCE_LEVEL_NONE: NONE } = IssuanceLevel;
const levels = () => [here.control.level(), there.control.level()];
const resume = (requestId: string) => here.operators.resumeIssuance({ requestId, reason: 'all is mended' });
const obeyed = (level: string) =>
  until(`level ${level}`, async () => (levels().every((each) => each === level) ? true : undefined));

let versions = 0;
const breach = (breachId: string) => {
  versions += 1;
  return {
    breachId,
    rule: 'B4',
    scope: 'q',
    expected: '8',
    found: '9',
    reason: '',
    atMs: 1n,
    version: BigInt(versions),
  };
};
const opened = (breachId: string, severity: BreachSeverity) =>
  publishEvent(here.bus, 'auditor.breach.opened', { ...breach(breachId), severity }, {});
const acknowledged = (breachId: string) => {
  const message = { ...breach(breachId), severity: BreachSeverity.BREACH_SEVERITY_STOP_ALL };
  return publishEvent(here.bus, 'auditor.breach.acknowledged', message, {});
};

describe('a pause', () => {
  test('is obeyed by every instance when it is answered, and ends only by an operator', async () => {
    const request = { requestId: 'pause-1', level: ISSUANCE, reason: 'looking at it', breachId: '' };
    const answer = await here.teams.pauseIssuance(request);
    expect(levels()).toEqual(['ISSUANCE', 'ISSUANCE']);
    expect(answer.control).toMatchObject({ level: ISSUANCE, openBreaches: [], reason: 'looking at it' });
    expect(await there.teams.pauseIssuance(request)).toEqual(answer);
    const reused = here.teams.pauseIssuance({ ...request, level: ALL });
    await expect(reused).rejects.toMatchObject({ code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED' });

    expect((await resume('resume-1')).control).toMatchObject({ level: NONE });
    await obeyed('NONE');
  });

  test('is answered although an instance that was alive just now does not obey', async () => {
    const deaf = { controlVersion: 1, seenAt: new Date() };
    const instances = database.db.collection<{ _id: string }>('instances');
    await instances.insertOne({ _id: 'deaf', ...deaf });
    const answer = await here.teams.pauseIssuance({ requestId: 'pause-0', level: ALL, reason: 'now', breachId: '' });
    expect(answer.control).toMatchObject({ level: ALL });
    expect(await instances.countDocuments({ _id: 'deaf', controlVersion: 1 })).toBe(1);
    await instances.deleteOne({ _id: 'deaf' });
    await resume('resume-0');
    await obeyed('NONE');
  });

  test('at a higher level stays when a lower one is asked for', async () => {
    await here.teams.pauseIssuance({ requestId: 'pause-2', level: ALL, reason: 'stop', breachId: '' });
    const lower = await here.teams.pauseIssuance({
      requestId: 'pause-3',
      level: ISSUANCE,
      reason: 'less',
      breachId: '',
    });
    expect(lower.control).toMatchObject({ level: ALL, reason: 'stop' });
    await resume('resume-2');
    await obeyed('NONE');
  });

  test('opens a breach when the auditor names it; what an operator names is only a reason', async () => {
    const pause = { level: ISSUANCE, reason: 'looks wrong', breachId: 'B4:invented' };
    const ofOperator = await here.teams.pauseIssuance({ ...pause, requestId: 'pause-6' });
    expect(ofOperator.control).toMatchObject({ openBreaches: [], reason: 'B4:invented: looks wrong', by: 'operator' });
    expect((await resume('resume-6')).control).toMatchObject({ level: NONE });
    const ofAuditor = await here.teamsAs('auditor').pauseIssuance({ ...pause, requestId: 'pause-6' });
    expect(ofAuditor.control).toMatchObject({ openBreaches: ['B4:invented'], by: 'auditor' });
    await expect(resume('resume-7')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'BREACH_OPEN' });
    await acknowledged('B4:invented');
    await until('resumed', () => resume('resume-8').catch(() => undefined));
    await obeyed('NONE');
  });

  test('is at a level, and has a reason', async () => {
    const none = here.teams.pauseIssuance({ requestId: 'pause-4', level: NONE, reason: 'stop', breachId: '' });
    await expect(none).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
    const noId = here.teams.pauseIssuance({ requestId: 'pause 5', level: ALL, reason: 'stop', breachId: '' });
    await expect(noId).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
    await expect(resume('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_INVALID' });
  });
});

describe('a breach that the auditor found', () => {
  test('stops everything until it is acknowledged and an operator resumes', async () => {
    await opened('B4:q', BreachSeverity.BREACH_SEVERITY_STOP_ALL);
    await obeyed('ALL');
    await expect(resume('resume-3')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'BREACH_OPEN' });
    await acknowledged('B4:q');
    const resumed = await until('resumed', () => resume('resume-4').catch(() => undefined));
    expect(resumed.control).toMatchObject({ level: NONE, openBreaches: [] });
    await obeyed('NONE');
  });

  test('of severity STOP_ISSUANCE stops minting only; REPORT stops nothing', async () => {
    await opened('B5:ehash', BreachSeverity.BREACH_SEVERITY_REPORT);
    await opened('B1:pool-1', BreachSeverity.BREACH_SEVERITY_STOP_ISSUANCE);
    await obeyed('ISSUANCE');
    expect(await here.controlStore.read()).toMatchObject({ level: 'ISSUANCE', openBreaches: ['B1:pool-1'] });
    await acknowledged('B1:pool-1');
    await until('resumed', () => resume('resume-5').catch(() => undefined));
    await obeyed('NONE');
  });

  test('that names no rule and scope stops nothing, and is kept as a letter', async () => {
    const before = await here.controlStore.read();
    const letters = database.db.collection('deadLetters');
    for (const breachId of ['', ':', 'B4', 'b4:q', 'B4:\u0000']) {
      await opened(breachId, BreachSeverity.BREACH_SEVERITY_UNSPECIFIED);
      await acknowledged(breachId);
    }
    const malformed = () => letters.countDocuments({ code: 'BREACH_MALFORMED', class: 'POISON' });
    await until('ten letters', async () => ((await malformed()) === 10 ? true : undefined));
    expect(await here.controlStore.read()).toEqual(before);
  });

  test('is told to others, once each way', async () => {
    const told = await until('all outboxes are empty', async () => {
      const pending = await database.db.collection('control').countDocuments({ 'outbox.0': { $exists: true } });
      return pending > 0
        ? undefined
        : (await here.bus.jsm.streams.info('MINT', { subjects_filter: '>' })).state.subjects;
    });
    expect(told).toEqual({
      [CATALOGUE['mint.issuance.paused'].subject]: 7,
      [CATALOGUE['mint.issuance.resumed'].subject]: 7,
    });
  });
});

test('every command of an operator is in the log, each entry hashed onto the one before', async () => {
  const entries = await database.db.collection('adminLog').find().sort({ _id: 1 }).toArray();
  expect(entries.length).toBeGreaterThanOrEqual(8);
  for (const [at, entry] of entries.entries()) {
    expect(entry['prevHash']).toBe(at === 0 ? '0'.repeat(64) : entries[at - 1]?.['hash']);
  }
});

test('an instance that cannot read the control for five seconds stops everything', async () => {
  const clock = new FakeClock();
  let isAway = false;
  const control = {
    ...here.controlStore,
    read: () => (isAway ? Promise.reject(new Error('the database is away')) : here.controlStore.read()),
  };
  const follower = followControl({ control, clock });
  expect(follower.level()).toBe('ALL');
  await follower.refresh();
  expect(follower.level()).toBe('NONE');
  isAway = true;
  clock.advance(4_999);
  await expect(follower.refresh()).rejects.toThrow('the database is away');
  expect(follower.level()).toBe('NONE');
  clock.advance(1);
  expect(follower.level()).toBe('ALL');
  isAway = false;
  await follower.refresh();
  expect(follower.level()).toBe('NONE');
});
