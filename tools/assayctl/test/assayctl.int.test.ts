import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Breach } from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { freshWorld, startFakeServices, type World } from './fake-services.ts';
import { runLine } from './run-line.ts';

const world: World = freshWorld();
let services: Awaited<ReturnType<typeof startFakeServices>>;

beforeAll(async () => {
  services = await startFakeServices(world);
});
afterAll(() => services.stop());
beforeEach(() => Object.assign(world, freshWorld()));

const environment = () => ({
  ...{ ASSAYCTL_MINT: services.address, ASSAYCTL_MINT_ADMIN: services.address },
  ...{ ASSAYCTL_AUDITOR: services.address, ASSAYCTL_AUDITOR_ADMIN: services.address },
});
const line = (text: string, more: Parameters<typeof runLine>[1] = {}) =>
  runLine(text.split(' '), { ...more, environment: { ...environment(), ...more.environment } });
const NOBODY = '127.0.0.1:9';

describe('a list', () => {
  test('is read over all pages up to its limit, and says when there is more', async () => {
    const all = await line('quotes list -o json --limit 0');
    const quotes = JSON.parse(all.out) as { naturalKey: string; amountRequested: string; state: string }[];
    expect(quotes.map(({ naturalKey }) => naturalKey)).toEqual([1, 2, 3, 4, 5].map((n) => `ehash:pool-1/b-${n}`));
    expect(quotes[0]).toMatchObject({ amountRequested: '9007199254740991', state: 'PAID' });
    expect(all).toMatchObject({ code: 0, err: '' });
    const three = await line('quotes list --limit 3');
    expect(three.out.split('\n')).toHaveLength(5);
    expect(three.err).toContain('more than 3');
  });

  test('is empty JSON when nothing matches, and a heading alone in a table', async () => {
    expect((await line('quotes list --state failed -o json')).out).toBe('[]\n');
    expect((await line('grants list')).out).toMatch(/^GRANT .*REASON\n$/);
  });

  test('in YAML and in JSON says the same', async () => {
    const [json, yaml] = [await line('keysets list -o json'), await line('keysets list -o yaml')];
    expect(parse(yaml.out)).toEqual(JSON.parse(json.out));
  });
});

describe('a quote', () => {
  test.each(['pool-1/b-2', 'ehash:pool-1/b-2', 'id-b-2'])(
    'is found as %s, with its trace and operations',
    async (name) => {
      const { code, out } = await line(`quotes get ${name} -o json`);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        quoteId: 'id-b-2',
        traceId: 'ab'.repeat(16),
        operations: ['cd'.repeat(32)],
      });
    },
  );

  test('that does not exist ends with 5, the reason, and what to do', async () => {
    const { code, out, err } = await line('quotes get nothing');
    expect({ code, out }).toEqual({ code: 5, out: '' });
    expect(err).toMatch(/QUOTE_UNKNOWN \(NOT_FOUND\)\n {2}try: /);
    const script = await line('quotes get nothing -o json');
    expect(JSON.parse(script.err)).toMatchObject({ error: { ending: 'unknown', reason: 'QUOTE_UNKNOWN' } });
  });

  test('that changes is shown as it does, until Ctrl-C; the last token resumes', async () => {
    const interrupt = new AbortController();
    const onOut = (text: string) => text.includes('b-2') && interrupt.abort();
    const { code, out, err } = await line('quotes watch -o json', { signal: interrupt.signal, onOut });
    const updates = out
      .trimEnd()
      .split('\n')
      .map((text) => (JSON.parse(text) as { update: string }).update);
    expect(updates).toEqual(['snapshot', 'bookmark', 'change']);
    expect(code).toBe(130);
    expect(err).toContain('--resume-token token-1');
    expect(await line('quotes watch --resume-token old')).toMatchObject({ code: 4 });
  });
});

describe('a command', () => {
  test('without a reason, with a bad value or an unknown word is not sent', async () => {
    for (const text of [
      'resume',
      'pause --level some --reason because',
      'quotes',
      'qoutes list',
      'quotes list --limit x',
    ]) {
      expect((await line(text)).code, text).toBe(2);
    }
    expect((await line('qoutes list')).err).toContain('Did you mean quotes?');
    expect(world.acts.size).toBe(0);
  });

  test('with --dry-run shows what would be sent, and sends nothing', async () => {
    const { code, out } = await line('resume --reason mended --dry-run -o json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ...{ dryRun: true, method: 'MintAdminService/ResumeIssuance', address: services.address },
      request: { reason: 'mended' },
    });
    expect(world.acts.size).toBe(0);
  });

  test('tells its request id, and says in person who calls', async () => {
    const { code, out, err } = await line('resume --reason mended --actor alice -o json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ level: 'NONE', reason: 'mended', by: 'operator/alice' });
    const [, id = ''] = /^request id (\S+) /.exec(err) ?? [];
    expect(world.acts.get(id)).toBe(1);
    await line(`resume --reason mended --request-id ${id}`);
    expect([...world.acts.keys()]).toEqual([id]);
  });

  test('that is refused ends with 4 and says why', async () => {
    world.breaches = [Breach.fromPartial({ breachId: 'B4:q' })];
    const { code, err } = await line('resume --reason mended');
    expect(code).toBe(4);
    expect(err).toContain('BREACH_OPEN (FAILED_PRECONDITION)');
  });

  test('of somebody who is not on the list ends with 6', async () => {
    expect(await line('resume --reason mended --actor pool/eve')).toMatchObject({ code: 6 });
  });

  test('for a service that is away ends with 3, soon', async () => {
    const { code, err } = await line(`supply --mint ${NOBODY}`);
    expect(code).toBe(3);
    expect(err).toContain(`nothing answers at ${NOBODY}`);
  });
});

describe('dead letters', () => {
  test('of both services are listed together, and found without knowing whose they are', async () => {
    const { out } = await line('dead-letters list -o json');
    expect(JSON.parse(out)).toMatchObject([{ service: 'mint', class: 'POISON', deadLetterId: 'poison:01' }]);
    expect(JSON.parse((await line('dead-letters show poison:01 -o json')).out)).toMatchObject({ service: 'mint' });
    expect(await line('dead-letters show poison:02')).toMatchObject({ code: 5 });
  });

  test('are dropped with a reason that says something, and replayed by id or class', async () => {
    expect(await line('dead-letters drop poison:01 --reason short')).toMatchObject({ code: 4 });
    const dropped = await line('dead-letters drop poison:01 --reason looked-at-and-worthless -o json');
    expect(JSON.parse(dropped.out)).toMatchObject({ state: 'DROPPED', service: 'mint' });
    const replayed = await line('dead-letters replay poison:01 --reason mended -o json');
    expect(JSON.parse(replayed.out)).toEqual({ service: 'mint', replayed: 1 });
    for (const text of ['--reason why', '--class error --reason why', 'poison:01 --class error --reason why']) {
      expect((await line(`dead-letters replay ${text}`)).code, text).toBe(2);
    }
  });
});

describe('the supply', () => {
  test('is shown with its balance', async () => {
    const { out } = await line('supply');
    expect(out).toMatch(/HASH +8 +8 +0/);
    expect(out).toContain('1 operations counted; balanced');
    const spoilt = world.supply.units[0];
    if (spoilt !== undefined) spoilt.outstanding = 9n;
    expect(JSON.parse((await line('supply -o json')).out)).toMatchObject({
      imbalances: [
        { expected: '8', found: '9' },
        { expected: '8', found: '9' },
      ],
    });
  });
});

test('doctor finds what is wrong in what answers, and says what does not', async () => {
  const { code, out } = await line(
    `doctor -o json --deadline 2s --signatory ${NOBODY} --pool ${NOBODY} --mint-url http://${NOBODY}`,
  );
  expect(code).toBe(1);
  const { healthy, findings } = JSON.parse(out) as { healthy: boolean; findings: Record<string, string>[] };
  expect(healthy).toBe(false);
  const verdict = (subject: string, check: string) =>
    findings.find((finding) => finding['subject'] === subject && finding['check'] === check)?.['verdict'];
  expect(verdict('mint', 'gRPC')).toBe('ok');
  expect(verdict('mint', 'supply')).toBe('ok');
  expect(verdict('mint', 'dead letters')).toBe('warn');
  expect(verdict('auditor', 'queue')).toBe('ok');
  expect(verdict('pool', 'gRPC')).toBe('fail');
  expect(verdict('mint', 'version')).toBe('skip');
  expect(findings.filter((finding) => finding['verdict'] === 'fail').every((finding) => finding['remedy'] !== '')).toBe(
    true,
  );
});

test('a trace that cannot be drawn here names its id', async () => {
  const { code, err } = await line('trace pool-1/b-1 --traces http://127.0.0.1:9');
  expect(code).toBe(3);
  expect(err).toContain('ab'.repeat(16));
});
