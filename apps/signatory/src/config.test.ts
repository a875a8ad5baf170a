import { configTable } from '@assay/shared/runtime/config';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONFIG, masterSecretOf, unitSettingsOf } from './config.ts';

test('the README has the table of all keys', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(configTable(CONFIG).trim());
});

test('units are read from JSON, with the defaults of a unit, names in lower case', () => {
  const config = CONFIG.load({
    SIGNATORY_MASTER_FILE: 'none',
    SIGNATORY_UNITS: '{"HASH":{"finalExpiryDays":365},"sat":{"inputFeePpk":100}}',
  });
  expect(unitSettingsOf(config)).toEqual([
    { unit: 'hash', inputFeePpk: 0n, finalExpiryDays: 365, highestPower: 52 },
    { unit: 'sat', inputFeePpk: 100n, finalExpiryDays: undefined, highestPower: 31 },
  ]);
});

test('without settings there are the units of audited work and of Lightning', () => {
  expect(unitSettingsOf(CONFIG.load({ SIGNATORY_MASTER_FILE: 'none' }))).toEqual([
    { unit: 'hash', inputFeePpk: 0n, finalExpiryDays: 365, highestPower: 52 },
    { unit: 'sat', inputFeePpk: 100n, finalExpiryDays: undefined, highestPower: 31 },
  ]);
});

test('a unit that has no name, and a setting that does not exist, stop the start', () => {
  const load = (units: string) => () => CONFIG.load({ SIGNATORY_MASTER_FILE: 'none', SIGNATORY_UNITS: units });
  expect(load('{"no unit":{}}')).toThrow('SIGNATORY_UNITS');
  expect(load('{"hash":{"fee":1}}')).toThrow('SIGNATORY_UNITS');
});

test('a master secret that cannot be read says which file to mend, not what is in it', () => {
  const config = CONFIG.load({ SIGNATORY_MASTER_FILE: '/nonexistent/master' });
  expect(() => masterSecretOf(config)).toThrow('the file cannot be read');
});
