import { toHex } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  input,
  lockedSecret,
  output,
  PREIMAGE,
  PREIMAGE_HASH,
  signed,
  signedForAll,
  type Signer,
  signer,
} from '../../../test/locked-secrets.ts';
import { refuseConditions } from './refuse-conditions.ts';

const NOW_S = 1_795_227_000;
const NOW = unixMs(NOW_S * 1_000);
const OUTPUTS = [output('one'), output('two', 2n)];
const SIGNERS = Array.from({ length: 6 }, (_, index) => signer(`signer ${index}`));
const at = (index: number): Signer => SIGNERS[index] ?? signer('nobody');

const indexes = fc.uniqueArray(fc.nat(SIGNERS.length - 1), { maxLength: 4 });
const locks = fc.record({
  kind: fc.constantFrom('P2PK' as const, 'HTLC' as const),
  sigflag: fc.constantFrom('SIG_INPUTS', 'SIG_ALL'),
  owner: fc.nat(SIGNERS.length - 1),
  pubkeys: indexes,
  refund: fc.option(indexes.filter((list) => list.length > 0)),
  nSigs: fc.option(fc.integer({ min: 1, max: 3 })),
  nSigsRefund: fc.option(fc.integer({ min: 1, max: 3 })),
  locktime: fc.option(fc.constantFrom(0, NOW_S - 1, NOW_S, NOW_S + 1, 2 ** 52)),
});
type Lock = typeof locks extends fc.Arbitrary<infer T> ? T : never;

const mainKeys = ({ kind, owner, pubkeys }: Lock) =>
  kind === 'HTLC' ? pubkeys : [owner, ...pubkeys.filter((index) => index !== owner)];

function textOf(lock: Lock, nonce: string): string {
  const { kind, sigflag, owner, refund, nSigs, nSigsRefund, locktime } = lock;
  const keys = (list: readonly number[]) => list.map((index) => at(index).key);
  const tags: string[][] = [
    ['sigflag', sigflag],
    ['pubkeys', ...keys(kind === 'HTLC' ? mainKeys(lock) : mainKeys(lock).slice(1))],
  ];
  if (refund !== null) tags.push(['refund', ...keys(refund)]);
  if (nSigs !== null) tags.push(['n_sigs', String(nSigs)]);
  if (nSigsRefund !== null) tags.push(['n_sigs_refund', String(nSigsRefund)]);
  if (locktime !== null) tags.push(['locktime', String(locktime)]);
  return lockedSecret(kind, kind === 'HTLC' ? PREIMAGE_HASH : at(owner).key, tags, nonce);
}

/** Section 7 said once more, over sets of signers. */
function verdictOf(lock: Lock, by: readonly number[], hasPreimage: boolean): 'defect' | boolean {
  const main = mainKeys(lock);
  const refund = lock.refund ?? [];
  const isDefect = (lock.nSigs ?? 0) > main.length || (lock.nSigsRefund ?? 0) > refund.length;
  if (isDefect) return 'defect';
  const signers = (keys: readonly number[]) => keys.filter((key) => by.includes(key)).length;
  const opensMain =
    signers(main) >= (main.length === 0 ? 0 : (lock.nSigs ?? 1)) && (lock.kind === 'P2PK' || hasPreimage);
  const isPast = lock.locktime !== null && NOW_S >= lock.locktime;
  const opensRefund = lock.refund === null || signers(refund) >= (lock.nSigsRefund ?? 1);
  return opensMain || (isPast && opensRefund);
}

describe('a proof with conditions', () => {
  it('is spendable by exactly those whom its conditions name', () => {
    const spenders = fc.uniqueArray(fc.nat(SIGNERS.length - 1), { maxLength: 5 });
    fc.assert(
      fc.property(locks, spenders, fc.boolean(), (lock, by, hasPreimage) => {
        const secrets = ['1', '2'].map((nonce) => textOf(lock, nonce));
        const signers = by.map(at);
        const preimage = hasPreimage ? PREIMAGE : undefined;
        const inputs =
          lock.sigflag === 'SIG_ALL'
            ? signedForAll(
                secrets.map((secret) => input(secret)),
                OUTPUTS,
                signers,
                preimage === undefined ? {} : { preimage },
              )
            : secrets.map((secret) => signed(secret, signers, preimage));
        const verdict = verdictOf(lock, by, hasPreimage);
        const code = refuseConditions({ inputs, outputs: OUTPUTS, now: NOW })?.code;
        expect(code).toBe(verdict === 'defect' ? 'proof-invalid' : verdict ? undefined : 'witness-invalid');
      }),
      { numRuns: 400 },
    );
  });

  it('is judged without a fault whatever its secret and witness are', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'sigflag',
        'SIG_ALL',
        'pubkeys',
        'n_sigs',
        'locktime',
        'refund',
        '1',
        at(0).key,
        PREIMAGE_HASH,
        '',
      ),
      fc.string(),
      fc.string({ unit: 'binary' }),
    );
    const tags = fc.oneof(fc.array(fc.array(fc.oneof(word, word, word, fc.jsonValue()))), fc.jsonValue());
    const content = fc.record(
      { nonce: fc.oneof(word, fc.jsonValue()), data: fc.oneof(word, fc.jsonValue()), tags },
      { requiredKeys: [] },
    );
    const conditional = fc.tuple(fc.constantFrom('P2PK', 'HTLC'), content).map((secret) => JSON.stringify(secret));
    const witness = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            signatures: fc.oneof(
              fc.array(fc.oneof(fc.uint8Array({ minLength: 64, maxLength: 64 }).map(toHex), fc.jsonValue())),
              fc.jsonValue(),
            ),
            preimage: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((fields) => JSON.stringify(fields)),
    );
    const proofs = fc.array(
      fc.tuple(fc.oneof(conditional, fc.string(), fc.json()), fc.option(witness, { nil: undefined })),
      { maxLength: 3 },
    );
    const codes = [undefined, 'proof-invalid', 'witness-invalid'];
    fc.assert(
      fc.property(proofs, (list) => {
        const inputs = list.map(([secret, text]) => input(secret, text));
        expect(codes).toContain(refuseConditions({ inputs, outputs: OUTPUTS, now: NOW })?.code);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not spendable once any bit of its signature is another', () => {
    const secret = textOf(
      {
        kind: 'P2PK',
        sigflag: 'SIG_INPUTS',
        owner: 0,
        pubkeys: [],
        refund: null,
        nSigs: null,
        nSigsRefund: null,
        locktime: null,
      },
      '1',
    );
    const proof = signed(secret, [at(0)]);
    const positions = fc.nat(511);
    fc.assert(
      fc.property(positions, (bit) => {
        const [signature = ''] = /[0-9a-f]{128}/.exec(proof.witness ?? '') ?? [];
        const bytes = Buffer.from(signature, 'hex');
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const witness = JSON.stringify({ signatures: [bytes.toString('hex')] });
        expect(refuseConditions({ inputs: [{ ...proof, witness }], outputs: [], now: NOW })?.code).toBe(
          'witness-invalid',
        );
      }),
    );
  });
});
