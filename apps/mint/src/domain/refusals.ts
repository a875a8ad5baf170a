/** What a refusal means to a wallet: the NUT error code and the HTTP status; 51000 and up are our own (03-mint section 14). */
interface RefusalMeaning {
  readonly code: number;
  readonly http: 400 | 429 | 503;
  /** Said to the wallet unless the refusal knows more. */
  readonly detail: string;
}

const refused = (code: number, detail: string) => ({ code, http: 400, detail }) as const;

/** Every refusal of the HTTP API. */
export const REFUSALS = {
  'proof-invalid': refused(10001, 'proof could not be verified'),
  'already-spent': refused(11001, 'proof already spent'),
  'input-pending': refused(11002, 'proof is pending'),
  'already-signed': refused(11003, 'output already signed'),
  'output-pending': refused(11004, 'output is pending'),
  unbalanced: refused(11005, 'transaction is not balanced'),
  'amount-outside-limit': refused(11006, 'amount is not a denomination of its keyset'),
  'repeated-input': refused(11007, 'an input is repeated'),
  'repeated-output': refused(11008, 'an output is repeated'),
  'several-units': refused(11009, 'inputs or outputs of several units'),
  'units-differ': refused(11010, 'the sides are not of one unit'),
  'amount-missing': refused(11011, 'the request has no amount, and none was given'),
  'amount-differs': refused(11012, 'the amount does not fit the request'),
  'unit-not-supported': refused(11013, 'unit is not supported'),
  'too-many-inputs': refused(11014, 'too many inputs'),
  'too-many-outputs': refused(11015, 'too many outputs'),
  'repeated-quote': refused(11016, 'a quote is repeated'),
  'batch-too-large': refused(11017, 'too many quotes'),
  'keyset-unknown': refused(12001, 'keyset is not known'),
  'keyset-inactive': refused(12002, 'keyset is inactive'),
  'keyset-expired': refused(12003, 'keyset is expired'),
  'quote-not-paid': refused(20001, 'not paid'),
  'quote-issued': refused(20002, 'quote already issued'),
  'minting-disabled': refused(20003, 'minting is disabled'),
  'payment-failed': refused(20004, 'the payment failed'),
  'quote-pending': refused(20005, 'the quote is pending'),
  'request-paid': refused(20006, 'the request is already paid'),
  'quote-expired': refused(20007, 'the quote is expired'),
  'quote-signature': refused(20008, 'no valid signature of the quote’s key'),
  'witness-invalid': refused(20008, 'witness has no valid p2pk signature'),
  'pubkey-required': refused(20009, 'a public key is required'),
  'bad-request': refused(51000, 'bad request'),
  'rate-limited': { code: 51001, http: 429, detail: 'too many requests' },
  unavailable: { code: 51002, http: 503, detail: 'temporarily unavailable' },
  'quote-unknown': refused(51003, 'quote is not known'),
  paused: refused(51004, 'paused'),
  'concurrent-change': refused(51005, 'concurrent change, repeat the request'),
} as const satisfies Record<string, RefusalMeaning>;

export type RefusalCode = keyof typeof REFUSALS;

export interface Refusal {
  readonly code: RefusalCode;
  /** Never a secret, a quote id or a point. */
  readonly detail: string;
}

export function refusal(code: RefusalCode, detail: string = REFUSALS[code].detail): Refusal {
  return { code, detail };
}
