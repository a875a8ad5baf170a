import fc from 'fast-check';
import { err, ok } from '@assay/shared/kernel/result';
import { describe, expect, it } from 'vitest';
import { readSecret } from './secret.ts';

const KEY = '0249098aa8b9d2fbec49ff8598feb17b592b986e62319a4fa488a3dc36387157a7';

describe('a secret', () => {
  it('of kind P2PK or HTLC is conditional, with or without tags', () => {
    const tags = [['sigflag', 'SIG_INPUTS'], ['own']];
    expect(readSecret(JSON.stringify(['P2PK', { nonce: '1', data: KEY, tags }]))).toEqual(
      ok({ kind: 'P2PK', data: KEY, tags }),
    );
    expect(readSecret(' \n["HTLC", {"data":"00", "nonce":""}]\t')).toEqual(ok({ kind: 'HTLC', data: '00', tags: [] }));
  });

  it.each([
    ['no JSON', ''],
    ['no JSON', 'plain'],
    ['no JSON', '['],
    ['cut JSON', '["P2PK",{"nonce":"1","data":"00"}'],
    ['JSON and more', '["P2PK",{"nonce":"1","data":"00"}]x'],
    ['random hex', '407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837'],
    ['digits', '12345678901234567890'],
    ['another kind', '["p2pk",{"nonce":"1","data":"00"}]'],
    ['another kind', '["OTHER",{}]'],
    ['a kind in a list', '[["P2PK"],{}]'],
    ['no array', '{"0":"P2PK","1":{}}'],
    ['no array', '"P2PK"'],
    ['an empty array', '[]'],
    ['a kind alone', '["P2PK"]'],
    ['no object', '["P2PK",[]]'],
    ['no object', '["P2PK",null]'],
    ['no object', '["P2PK","{}"]'],
    ['a third entry', '["P2PK",{"nonce":"1","data":"00"},{}]'],
  ])('that is %s is plain: %s', (_, secret) => {
    expect(readSecret(secret)).toEqual(ok(undefined));
  });

  it.each([
    ['nonce-missing', '["P2PK",{"data":"00"}]'],
    ['nonce-missing', '["P2PK",{"nonce":1,"data":"00"}]'],
    ['nonce-missing', '["P2PK",{"__proto__":{"nonce":"1"},"data":"00"}]'],
    ['nonce-missing', '["P2PK",{}]'],
    ['data-missing', '["HTLC",{"nonce":"1"}]'],
    ['data-missing', '["HTLC",{"nonce":"1","data":null}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":null}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":{}}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":"sigflag"}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":["sigflag"]}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":[[]]}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":[["own",""]]}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":[["own",5]]}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":[["own",["a"]]]}]'],
    ['tags-malformed', '["P2PK",{"nonce":"1","data":"00","tags":[{"0":"own","length":1}]}]'],
    ['field-repeated', '["P2PK",{"nonce":"1","data":"00","data":"01"}]'],
    ['field-repeated', '["P2PK",{"nonce":"1","data":"00","tags":[],"\\u0074ags":[["own"]]}]'],
    ['field-repeated', '["P2PK",{"nonce":"1","data":"00","nonce" \n:"1"}]'],
  ])('with the defect %s is nobody’s: %s', (defect, secret) => {
    expect(readSecret(secret)).toEqual(err(defect));
  });

  it('may have other fields, also deep ones, and texts that look like fields', () => {
    const deep = `${'[{"a":'.repeat(300)}1${'}]'.repeat(300)}`;
    const secret = `["P2PK",{"nonce":"\\"data\\":\\"01\\"","data":"00","x":${deep},"y":{"data":"02","nonce":"3"}}]`;
    expect(readSecret(secret)).toEqual(ok({ kind: 'P2PK', data: '00', tags: [] }));
  });

  it('of any text is judged without a fault', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof readSecret(`[${text}`).ok === 'boolean'));
    const field = fc.constantFrom('nonce', 'data', 'tags', '__proto__');
    const content = fc.dictionary(fc.oneof(field, fc.string()), fc.jsonValue());
    const secrets = fc.tuple(fc.constantFrom('P2PK', 'HTLC'), content);
    fc.assert(fc.property(secrets, (secret) => typeof readSecret(JSON.stringify(secret)).ok === 'boolean'));
  });
});
