import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  bigInteger,
  boolean,
  ConfigError,
  configTable,
  defineConfig,
  integer,
  json,
  metricsPortOf,
  secretHexFile,
} from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-config-'));
const SECRET = 'ab'.repeat(32);

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const definition = defineConfig('FURNACE', {
  FURNACE_GRPC_PORT: integer({ min: 0, max: 65_535 }).default(50_051).describe('port of gRPC'),
  FURNACE_MAX_TARGET: bigInteger({ min: 1n, max: 2n ** 256n - 1n })
    .optional()
    .describe('largest target'),
  FURNACE_STRICT: boolean().default(true),
  FURNACE_MASK: bigInteger({ min: 0n, max: 9n }).prefault('7').describe('mask'),
  FURNACE_CAP: bigInteger({ min: 0n, max: 9n }).default(0n).describe('cap'),
  FURNACE_NODES: json(z.array(z.object({ id: z.string(), url: z.url() })).max(8)).describe('nodes | ids and URLs'),
  FURNACE_KEY_FILE: secretHexFile(32).describe('signing key'),
});
const whole = {
  FURNACE_NODES: '[{"id":"a","url":"http://127.0.0.1:1"}]',
  FURNACE_KEY_FILE: file('key', `${SECRET}\n`),
};

describe('a whole configuration', () => {
  test('has typed values, defaults and the shared keys', () => {
    const config = definition.load({ ...whole, FURNACE_MAX_TARGET: (2n ** 255n).toString(), FURNACE_STRICT: 'false' });
    expect(config.FURNACE_GRPC_PORT).toBe(50_051);
    expect(config.FURNACE_MAX_TARGET).toBe(2n ** 255n);
    expect(config.FURNACE_STRICT).toBe(false);
    expect(config.FURNACE_MASK).toBe(7n);
    expect(config.FURNACE_NODES).toEqual([{ id: 'a', url: 'http://127.0.0.1:1' }]);
    expect(Buffer.from(config.FURNACE_KEY_FILE).toString('hex')).toBe(SECRET);
    expect(config.OTEL_TRACES_SAMPLER_ARG).toBe(1);
    expect(config.NODE_ENV).toBe('production');
    expect(config.TLS_CERT_FILE).toBeUndefined();
  });

  test('takes tables from a file and an empty value as unset', () => {
    const path = file('nodes.json', '[]');
    const config = definition.load({ ...whole, FURNACE_NODES: `@${path}`, FURNACE_GRPC_PORT: '' });
    expect(config.FURNACE_NODES).toEqual([]);
    expect(config.FURNACE_GRPC_PORT).toBe(50_051);
  });

  test('may stand beside keys of other prefixes', () => {
    expect(faultsOf(() => definition.load({ ...whole, FURNACES: '1', MINT_UNKNOWN: '1' }))).toEqual([]);
  });
});

describe('a faulty configuration', () => {
  test('names every fault at once, and no value', () => {
    const faults = faultsOf(() =>
      definition.load({
        FURNACE_GRPC_PORT: '70000',
        FURNACE_GRPC_PROT: '50051',
        FURNACE_COLOUR: 'red',
        FURNACE_NODES: '[{"id":"a","url":"hunter2"}]',
        FURNACE_STRICT: 'yes',
        FURNACE_MAX_TARGET: 'many',
        OTEL_TRACES_SAMPLER_ARG: '1.5',
        TLS_CERT_FILE: 'cert.pem',
        TLS_KEY_FILE: 'key.pem',
      }),
    );
    expect(faults.join('\n')).not.toContain('hunter2');
    expect([...faults].sort()).toEqual([
      'FURNACE_COLOUR: unknown key',
      'FURNACE_GRPC_PORT: expected an integer from 0 to 65535',
      'FURNACE_GRPC_PROT: unknown key; did you mean FURNACE_GRPC_PORT?',
      'FURNACE_KEY_FILE: is required; expected the path of a file with 64 hex digits',
      `FURNACE_MAX_TARGET: expected an integer from 1 to ${2n ** 256n - 1n}`,
      'FURNACE_NODES.0.url: Invalid URL',
      'FURNACE_STRICT: expected true or false',
      'OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1',
      'TLS_CA_FILE: needed, as TLS is half set',
    ]);
  });

  test('has all TLS files or none', () => {
    const faults = faultsOf(() => definition.load({ ...whole, TLS_CERT_FILE: 'cert.pem' }));
    expect(faults).toEqual(['TLS_KEY_FILE: needed, as TLS is half set', 'TLS_CA_FILE: needed, as TLS is half set']);
  });

  test.each([
    ['a missing file', join(folder, 'none'), 'cannot read the file'],
    ['a file of another length', file('short', 'abcd'), 'the file does not hold exactly 64 hex digits'],
    ['a file with two newlines', file('long', `${SECRET}\n\n`), 'the file does not hold exactly 64 hex digits'],
    ['the secret itself', SECRET, 'expected the path of a file, not the secret itself'],
  ])('refuses %s as a secret and does not show it', (_, value, expected) => {
    const faults = faultsOf(() => definition.load({ ...whole, FURNACE_KEY_FILE: value }));
    expect(faults).toEqual([expect.stringContaining(expected)]);
    expect(faults.join()).not.toContain(SECRET);
  });

  test.each([
    ['[', 'FURNACE_NODES: not JSON'],
    [`@${join(folder, 'none.json')}`, 'FURNACE_NODES: cannot read the file'],
    ['{}', 'FURNACE_NODES: Invalid input: expected array, received object'],
  ])('refuses the table %s', (value, expected) => {
    expect(faultsOf(() => definition.load({ ...whole, FURNACE_NODES: value }))).toEqual([
      expect.stringContaining(expected),
    ]);
  });
});

test('the table of keys gives default and meaning of each', () => {
  const lines = configTable(definition).split('\n');
  expect(lines.slice(0, 9)).toEqual([
    '| key | default | meaning |',
    '|---|---|---|',
    '| `FURNACE_GRPC_PORT` | `50051` | port of gRPC |',
    '| `FURNACE_MAX_TARGET` | none | largest target |',
    '| `FURNACE_STRICT` | `true` |  |',
    '| `FURNACE_MASK` | `7` | mask |',
    '| `FURNACE_CAP` | `0` | cap |',
    '| `FURNACE_NODES` | required | nodes \\| ids and URLs |',
    '| `FURNACE_KEY_FILE` | required | signing key |',
  ]);
  expect(lines).toContain('| `LOG_LEVEL` | `info` | lowest level that is logged |');
});

describe('the port of metrics and health', () => {
  test('is 1000 above gRPC, and any free port where gRPC takes any', () => {
    expect(metricsPortOf(50_051)).toBe(51_051);
    expect(metricsPortOf(0)).toBe(0);
    expect(faultsOf(() => metricsPortOf(64_536))).toHaveLength(1);
  });
});

test('a service may give a shared key another default', () => {
  const host = z.string().default('127.0.0.1').describe('address');
  const shy = defineConfig('SAFE', { ASSAY_LISTEN_HOST: host });
  expect(shy.load({}).ASSAY_LISTEN_HOST).toBe('127.0.0.1');
  expect(shy.load({ ASSAY_LISTEN_HOST: '0.0.0.0' }).ASSAY_LISTEN_HOST).toBe('0.0.0.0');
  expect(configTable(shy).match(/.*LISTEN_HOST.*/g)).toEqual(['| `ASSAY_LISTEN_HOST` | `127.0.0.1` | address |']);
});
