import { fromHex, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { amount, sumAmounts } from '@assay/shared/kernel/money';
import { until } from '@assay/testkit/until';
import { writeBolt11 } from '../src/adapters/payments/bolt11-text.ts';
import type { Keyset } from '../src/domain/keyset.ts';
import { operationId } from '../src/domain/operation.ts';
import type { ProofInput } from '../src/domain/request.ts';
import { pointHex } from '../src/domain/side-checks.ts';
import { SAT_UNIT } from '../src/domain/unit.ts';
import { blinds, proofsOf } from './requests.ts';

/** A request of somebody else's node; everything follows from the name. */
export function foreignRequest(name: string, amountSat: bigint): string {
  const said = {
    amountSat,
    ...{ createdAtS: 1_795_227_413n, expiryS: 3_600n, description: name },
    ...{ paymentHash: sha256(utf8(`hash ${name}`)), paymentSecret: sha256(utf8(`secret ${name}`)) },
  };
  return writeBolt11(said, sha256(utf8('somebody else’s node')));
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** NUT error code, or 200. */
  readonly code: number;
  readonly json: { readonly [key: string]: unknown };
}

/** Speaks to one instance as a wallet that knows nothing but the NUTs. */
export interface RawWallet {
  get(path: string): Promise<Reply>;
  /** @param body as text, where a repeat has to be the same bytes */
  post(path: string, body: unknown): Promise<Reply>;
  /** Of unit sat, as told. */
  keyset(): Promise<Keyset>;
  /** Sat that the fake Lightning paid for. */
  fund(name: string, amounts: readonly bigint[]): Promise<readonly ProofInput[]>;
  /** A new melt quote. */
  quote(request: string): Promise<{ readonly quote: string; readonly fee_reserve: number; readonly state: string }>;
  stateOf(quote: string): Promise<unknown>;
}

export function rawWallet(url: string): RawWallet {
  const get = (path: string) => reply(fetch(`${url}${path}`));
  const post = (path: string, body: unknown) =>
    reply(fetch(`${url}${path}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }));
  const keyset = async () => keysetIn((await get('/v1/keys')).json);
  return {
    get,
    post,
    keyset,
    fund: async (name, amounts) => {
      const created = await post('/v1/mint/quote/bolt11', { amount: Number(sumAmounts(amounts)), unit: 'sat' });
      const quote = String(created.json['quote']);
      await until('the fake pays', async () => {
        const { json } = await get(`/v1/mint/quote/bolt11/${quote}`);
        return json['state'] === 'PAID' ? true : undefined;
      });
      const active = await keyset();
      const blinded = blinds(name, amounts, active);
      const outputs = blinded.map(({ output }) => bodyOf(output));
      const minted = await post('/v1/mint/bolt11', { quote, outputs });
      if (minted.code !== 200) throw new Error(minted.text);
      const signatures = (minted.json['signatures'] as { amount: number; C_: string }[]).map((signature) => ({
        ...{ b: '', c: pointHex(fromHex(signature.C_)), amount: amount(BigInt(signature.amount)) },
      }));
      return proofsOf(blinded, signatures, active);
    },
    quote: async (request) => {
      const created = await post('/v1/melt/quote/bolt11', { request, unit: 'sat' });
      if (created.code !== 200) throw new Error(created.text);
      return created.json as { quote: string; fee_reserve: number; state: string };
    },
    stateOf: async (quote) => (await get(`/v1/melt/quote/bolt11/${quote}`)).json['state'],
  };
}

/** The text of a melt request; everything but the quote follows from the name. */
export function meltBody(
  name: string,
  quote: string,
  { inputs, keyset, blanks = 4 }: { inputs: readonly ProofInput[]; keyset: Keyset; blanks?: number },
): string {
  const outputs = blinds(`${name}-blank`, Array<bigint>(blanks).fill(1n), keyset).map(({ output }) => bodyOf(output));
  const proofs = inputs.map(({ amount: value, keyset: id, secret, c }) => ({
    amount: Number(value),
    id,
    secret,
    C: c,
  }));
  return JSON.stringify({ quote, inputs: proofs, outputs });
}

/** The op id that the request of this text has. */
export function meltOpId(body: string): string {
  return operationId('/v1/melt/bolt11', utf8(body));
}

function bodyOf({ amount: value, keyset: id, b }: { amount: bigint; keyset: string; b: string }) {
  return { amount: Number(value), id, B_: b };
}

function keysetIn(json: Reply['json']): Keyset {
  const told = json['keysets'] as { id: string; unit: string; input_fee_ppk: number; keys: Record<string, string> }[];
  const sat = told.find(({ unit }) => unit === 'sat');
  if (sat === undefined) throw new Error('no keyset of unit sat');
  const keys = new Map(Object.entries(sat.keys).map(([value, key]) => [amount(BigInt(value)), key]));
  const inputFeePpk = BigInt(sat.input_fee_ppk);
  return { id: sat.id, unit: SAT_UNIT, active: true, inputFeePpk, finalExpiryS: undefined, keys };
}

async function reply(response: Promise<Response>): Promise<Reply> {
  const { status, text } = await response.then(async (done) => ({ status: done.status, text: await done.text() }));
  const json = JSON.parse(text) as Reply['json'];
  return { status, text, json, code: typeof json['code'] === 'number' ? json['code'] : 200 };
}
