import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { scrape, sumOf } from './metrics.ts';
import { DEFAULT_OPTIONS, parseOptions } from './options.ts';
import { portOf } from './port-plan.ts';
import { planServices } from './service-plan.ts';

const IDENTITY = {
  poolKeyFile: 'pool',
  poolKey: '00',
  auditorKeyFile: 'auditor',
  auditorKey: '00',
  mintIdentityFile: 'mint',
  signatoryMasterFile: 'master',
  wallet: { secret: new Uint8Array(32), locking: '02' },
};
const SERVERS = {
  natsUrl: 'nats://127.0.0.1:1',
  mongoUri: 'mongodb://127.0.0.1:1',
  bitcoind: { url: 'http://127.0.0.1:1', credentialsFile: 'file' },
};

describe('options of the local stack', () => {
  test('without flags the whole stack runs once each on the default ports', () => {
    expect(parseOptions([], undefined)).toEqual(DEFAULT_OPTIONS);
  });

  test('flags are read and the endpoint of the environment is the fallback', () => {
    const options = parseOptions(
      ['--no-miner', '--replicas', 'pool=2,mint=3', '--port-base', '20000', '--window', '0', '--once'],
      'http://collector:4318',
    );
    expect(options).toMatchObject({
      miner: false,
      wallet: true,
      once: true,
      replicas: { pool: 2, auditor: 1, mint: 3 },
      portBase: 20_000,
      windowMs: 0,
      otlpUrl: 'http://collector:4318',
    });
  });
});

describe('a mint alone', () => {
  const refusedWith = (argv: readonly string[]): string => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => parseOptions(argv, undefined)).toThrow('process.exit');
      return said.mock.calls.join('');
    } finally {
      said.mockRestore();
    }
  };

  test('keeps its data apart from the whole stack and has both units', () => {
    const options = parseOptions(['--only', 'mint', '--bolt11', 'fake'], undefined);
    expect(options).toMatchObject({ only: 'mint', bolt11: 'fake', units: ['hash', 'sat'] });
    expect(options.dataDir).not.toBe(DEFAULT_OPTIONS.dataDir);
    expect(parseOptions(['--only', 'mint', '--data', 'here', '--units', 'sat'], undefined)).toMatchObject({
      dataDir: 'here',
      units: ['sat'],
    });
  });

  test.each(['--once', '--no-miner', '--no-wallet', '--window=1', '--credit-shift=1', '--miner-load=1'])(
    'has nothing for %s and says so',
    (flag) => {
      const [name] = flag.split('=');
      expect(refusedWith(['--only', 'mint', flag])).toContain(`${name} needs the whole stack`);
    },
  );

  test.each([
    [['--only', 'pool'], 'Allowed choices are mint'],
    [['--bolt11', 'lnd'], 'Allowed choices are fake'],
    [['--only', 'mint', '--replicas', 'pool=2'], 'starts no pool'],
    [['--units', 'sat'], '--units needs --only mint'],
    [['--only', 'mint', '--units', 'usd'], 'only hash and sat are known'],
  ])('%j is refused with its reason', (argv, word) => {
    expect(refusedWith(argv)).toContain(word);
  });

  test('is a signatory and mints, unlimited, with the Lightning that was asked for', () => {
    const options = {
      ...DEFAULT_OPTIONS,
      only: 'mint',
      bolt11: 'fake',
      replicas: { pool: 1, auditor: 1, mint: 2 },
    } as const;
    const plan = planServices({
      options,
      identity: IDENTITY,
      servers: { ...SERVERS, bitcoind: undefined },
      otlpUrl: undefined,
    });
    expect(plan.map(({ service, replica }) => [service, replica])).toEqual([
      ['signatory', 0],
      ['mint', 0],
      ['mint', 1],
    ]);
    expect(plan[1]?.env).toMatchObject({ MINT_BOLT11_BACKEND: 'fake', MINT_RATE_PER_IP_MIN: '0' });
    expect(JSON.parse(plan[0]?.env['SIGNATORY_UNITS'] ?? '')).toMatchObject({
      hash: { inputFeePpk: 0 },
      sat: { inputFeePpk: 100, highestPower: 31 },
    });
    const sat = planServices({
      options: { ...options, units: ['sat'] },
      identity: IDENTITY,
      servers: SERVERS,
      otlpUrl: undefined,
    });
    expect(Object.keys(JSON.parse(sat[0]?.env['SIGNATORY_UNITS'] ?? ''))).toEqual(['sat']);
  });

  test('the whole stack takes Lightning too and keeps its limits', () => {
    const options = { ...DEFAULT_OPTIONS, bolt11: 'fake' } as const;
    const plan = planServices({ options, identity: IDENTITY, servers: SERVERS, otlpUrl: undefined });
    expect(plan).toHaveLength(4);
    expect(plan[1]?.env).toMatchObject({ MINT_BOLT11_BACKEND: 'fake' });
    expect(plan[1]?.env).not.toHaveProperty('MINT_RATE_PER_IP_MIN');
  });
});

describe('the ports of the local stack', () => {
  test('a base moves every port to its place in the list, a replica by a hundred', () => {
    expect(portOf({ portBase: undefined }, 'stratum')).toBe(3333);
    expect(portOf({ portBase: undefined }, 'mintHttp', 2)).toBe(3538);
    expect(portOf({ portBase: 20_000 }, 'stratum')).toBe(20_000);
    expect(portOf({ portBase: 20_000 }, 'signatory', 0)).toBe(20_009);
    expect(portOf({ portBase: 20_000 }, 'poolGrpc', 1)).toBe(20_103);
  });

  test.each([undefined, 20_000])('no two instances share a port (base %s)', (portBase) => {
    const options = { ...DEFAULT_OPTIONS, portBase, replicas: { pool: 3, auditor: 3, mint: 3 } };
    const instances = planServices({ options, identity: IDENTITY, servers: SERVERS, otlpUrl: '' });
    const ports = instances.flatMap((instance) => [...Object.values(instance.ports), instance.metricsPort]);
    expect(instances).toHaveLength(10);
    expect(new Set(ports).size).toBe(ports.length);
  });
});

describe('metrics of the live line', () => {
  test('are summed over instances and labels; an instance that is away counts as nothing', async () => {
    const page =
      '# HELP x y\nassay_quotes_total{method="ehash",state="PAID"} 3\nassay_quotes_total{state="PAID",method="ehash"} 4\nassay_quotes_total{state="ISSUED"} 9\nassay_quote_pending 2\n';
    const server = createServer((_request, response) => response.end(page)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const samples = await scrape([port, port, 1]);
    server.close();
    expect(sumOf(samples, 'assay_quotes_total', { state: 'PAID' })).toBe(14);
    expect(sumOf(samples, 'assay_quote_pending')).toBe(4);
    expect(sumOf(samples, 'unknown')).toBe(0);
  });
});
