import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { scrape, sumOf } from './metrics.ts';
import { DEFAULT_OPTIONS, parseOptions } from './options.ts';
import { portOf } from './port-plan.ts';
import { planServices } from './service-plan.ts';

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
    const identity = {
      poolKeyFile: 'pool',
      poolKey: '00',
      auditorKeyFile: 'auditor',
      auditorKey: '00',
      mintIdentityFile: 'mint',
      signatoryMasterFile: 'master',
      wallet: { secret: new Uint8Array(32), locking: '02' },
    };
    const bitcoind = { url: 'http://127.0.0.1:1', credentialsFile: 'file' };
    const servers = { natsUrl: 'nats://127.0.0.1:1', mongoUri: 'mongodb://127.0.0.1:1', bitcoind };
    const instances = planServices({ options, identity, servers, otlpUrl: '' });
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
