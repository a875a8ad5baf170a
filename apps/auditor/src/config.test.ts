import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { toHex } from '@assay/shared/kernel/bytes';
import { auditorConfig, poolsOf, quorumOf } from './config.ts';

const dir = mkdtempSync(join(tmpdir(), 'auditor-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

function keyFile(hex: string): string {
  const path = join(dir, `key-${hex.slice(0, 8)}-${hex.slice(-8)}`);
  writeFileSync(path, `${hex}\n`);
  return path;
}

const POOL = {
  pool_id: 'pool-1',
  operator_id: 'operator-1',
  pool_key: 'ab'.repeat(32),
  scripts: ['51'],
  version_mask: '1fffe000',
  grpc_url: '127.0.0.1:50051',
};
const node = (id: string) => ({ id, url: 'http://127.0.0.1:8332', credentials: '/dev/null' });
const secret = toHex(Uint8Array.from({ length: 32 }, (_, index) => 17 * index + 3));
const env = (change: NodeJS.ProcessEnv = {}) => ({
  AUDITOR_POOLS: JSON.stringify([POOL]),
  AUDITOR_NODES: JSON.stringify([node('a')]),
  AUDITOR_KEY_FILE: keyFile(secret),
  AUDITOR_MINT_URL: '127.0.0.1:50052',
  ...change,
});

describe('the configuration of the auditor', () => {
  it('has the defaults of the specification', () => {
    const config = auditorConfig.load(env());
    expect(config).toMatchObject({ AUDITOR_GRPC_PORT: 50_053, AUDITOR_SWEEP_STUCK_MS: 45_000 });
    expect(config.AUDITOR_PARTS).toEqual(['intake', 'worker', 'tips', 'sweeper']);
    const pool = poolsOf(config).get('pool-1');
    expect(pool).toMatchObject({ mode: 'pool-only', creditShift: 32, minPoolPpm: 1_000_000, versionMask: 0x1fff_e000 });
    expect(toHex(pool?.maxTarget ?? new Uint8Array())).toBe('f'.repeat(64));
  });

  it('asks one node for one answer, and several for two', () => {
    expect(quorumOf(auditorConfig.load(env()))).toBe(1);
    const three = JSON.stringify(['a', 'b', 'c'].map(node));
    expect(quorumOf(auditorConfig.load(env({ AUDITOR_NODES: three })))).toBe(2);
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['an unknown key', { AUDITOR_POOL: '[]' }, /AUDITOR_POOL: unknown key; did you mean AUDITOR_POOLS/],
    ['a quorum of more nodes than there are', { AUDITOR_NODE_QUORUM: '2' }, /AUDITOR_NODE_QUORUM: more than/],
    ['two nodes of one id', { AUDITOR_NODES: JSON.stringify([node('a'), node('a')]) }, /node ids are repeated/],
    ['declared templates', { AUDITOR_POOLS: JSON.stringify([{ ...POOL, mode: 'declared' }]) }, /cannot be judged yet/],
    ['a misspelt field of a pool', { AUDITOR_POOLS: JSON.stringify([{ ...POOL, script: ['51'] }]) }, /AUDITOR_POOLS/],
    ['an unknown part', { AUDITOR_PARTS: 'intake,book' }, /AUDITOR_PARTS/],
    ['a small number as key', { AUDITOR_KEY_FILE: keyFile(`${'0'.repeat(63)}5`) }, /well-known test key/],
    ['one byte repeated as key', { AUDITOR_KEY_FILE: keyFile('07'.repeat(32)) }, /well-known test key/],
    ['the key itself in place of its file', { AUDITOR_KEY_FILE: secret }, /not the secret itself/],
  ])('stops the start for %s', (_, change, fault) => {
    expect(() => auditorConfig.load(env(change))).toThrow(fault);
  });

  it('takes a test key in tests', () => {
    const change = { AUDITOR_KEY_FILE: keyFile(`${'0'.repeat(63)}5`), NODE_ENV: 'test' };
    expect(auditorConfig.load(env(change)).AUDITOR_KEY_FILE).toHaveLength(32);
  });
});
