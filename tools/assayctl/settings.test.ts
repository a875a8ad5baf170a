import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from './exit-codes.ts';
import { metricsAddressOf, settingsOf, variableOf } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'assayctl-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return name;
};
/** Nothing of the person who runs the tests counts. */
const ENVIRONMENT = { INIT_CWD: folder, XDG_CONFIG_HOME: folder };

test('a flag outranks its variable, and that the file', () => {
  const config = file('a.json', '{"mint":"file:1","auditor":"file:2","pool":"file:3"}');
  const environment = { ...ENVIRONMENT, ASSAYCTL_MINT: 'variable:1', ASSAYCTL_AUDITOR: 'variable:2' };
  const settings = settingsOf({ flags: { config, mint: 'flag:1' }, environment });
  expect(settings).toMatchObject({ mint: 'flag:1', auditor: 'variable:2', pool: 'file:3' });
});

test('the admin listener stands 2000 above a service that was named, unless it was named too', () => {
  const flags = { mint: 'mint.example:50052', auditor: 'auditor.example:50053', auditorAdmin: 'elsewhere:1' };
  const settings = settingsOf({ flags, environment: ENVIRONMENT });
  expect(settings).toMatchObject({ mintAdmin: 'mint.example:52052', auditorAdmin: 'elsewhere:1' });
  expect(metricsAddressOf('dns:///mint.example:50052')).toBe('mint.example:51052');
  expect(metricsAddressOf('mint.example')).toBeUndefined();
});

test('certificates are all three or none, found from where the person is', () => {
  const flags = { cert: 'c.pem', key: 'k.pem' };
  expect(() => settingsOf({ flags, environment: ENVIRONMENT })).toThrow(UsageError);
  expect(settingsOf({ flags: { ...flags, ca: '/ca.pem' }, environment: ENVIRONMENT }).tls).toEqual({
    ...{ certFile: join(folder, 'c.pem'), keyFile: join(folder, 'k.pem'), caFile: '/ca.pem' },
  });
});

test('a file with a setting that does not exist is refused, and so is a data directory without a stack', () => {
  const flags = { config: file('b.json', '{"mnit":"x:1"}') };
  expect(() => settingsOf({ flags, environment: ENVIRONMENT })).toThrow(/mnit/);
  expect(() => settingsOf({ flags: { config: 'none.json' }, environment: ENVIRONMENT })).toThrow(UsageError);
  expect(() => settingsOf({ flags: { data: folder }, environment: ENVIRONMENT })).toThrow('no stack runs');
});

test('a variable is named after its flag', () => {
  expect(variableOf('mintAdmin')).toBe('ASSAYCTL_MINT_ADMIN');
});
