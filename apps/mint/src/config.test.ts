import { ConfigError, configTable } from '@assay/shared/runtime/config';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CONFIG, settingsOf } from './config.ts';

const dir = mkdtempSync(join(tmpdir(), 'mint-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const identity = join(dir, 'identity.hex');
writeFileSync(identity, `${'3'.padStart(64, '0')}\n`);
const KEY = 'f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9';
const NEEDED = {
  MINT_POOLS: JSON.stringify({ 'pool-1': KEY }),
  MINT_AUDITOR_KEYS: JSON.stringify([KEY]),
  MINT_IDENTITY_KEY_FILE: identity,
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    CONFIG.load(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test('pools, auditors and the identity are all that has to be said', () => {
  const { signers, wallets, lightning } = settingsOf(CONFIG.load(NEEDED));
  expect(signers).toEqual({ pools: new Map([['pool-1', KEY]]), auditorKeys: new Set([KEY]) });
  expect(wallets).toMatchObject({
    identity: { pubkey: `02${KEY}`, version: expect.stringMatching(/^assay-mint\/[0-9]+\.[0-9]+\.[0-9]+$/) as string },
    limits: { inputs: 1_000, outputs: 1_000 },
    lookup: { isEnabled: true, takesLegacy: true, mintPubkey: `02${KEY}` },
  });
  expect(lightning).toMatchObject({ backend: 'none', isProduction: true });
});

test('Lightning that is fake is told in the name of the mint', () => {
  const { wallets, lightning } = settingsOf(CONFIG.load({ ...NEEDED, MINT_BOLT11_BACKEND: 'fake' }));
  expect([wallets.identity.name, lightning.backend]).toEqual(['Assay mint (FAKE LIGHTNING, NO VALUE)', 'fake']);
});

test.each([
  ['a pool key with its parity byte', { MINT_POOLS: JSON.stringify({ 'pool-1': `02${KEY}` }) }],
  ['a pool id in upper case', { MINT_POOLS: JSON.stringify({ POOL: KEY }) }],
  ['no auditor', { MINT_AUDITOR_KEYS: '[]' }],
  ['the identity key itself instead of its file', { MINT_IDENTITY_KEY_FILE: KEY }],
  ['more outputs than the signatory takes', { MINT_LIMIT_OUTPUTS: '1001' }],
  ['a key that nobody knows', { MINT_POOL: '{}' }],
])('%s stops the start', (_, change) => {
  expect(faultsOf({ ...NEEDED, ...change })).toHaveLength(1);
});

test('the README shows every key', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(configTable(CONFIG));
});

test('a default is shown as the text that the key takes', () => {
  const defaults = configTable(CONFIG).matchAll(/^\| `(\w+)` \| `([^`]*)` \|/gm);
  const shown = Object.fromEntries([...defaults].map(([, key = '', text = '']) => [key, text]));
  expect(Object.keys(shown)).toContain('MINT_FUNDED_UNITS');
  expect(CONFIG.load({ ...NEEDED, ...shown })).toEqual(CONFIG.load(NEEDED));
});
