import {
  BlindSignature,
  type BlindedMessages,
  CurrencyUnit,
  type ErrorCode,
  Error as WireError,
  Keys,
  type Proofs,
  SignatoryService,
} from '@assay/proto/gen/signatory/signatory';
import { concat, fromHex, toHex, u8 } from '@assay/shared/kernel/bytes';
import { type Amount, amount } from '@assay/shared/kernel/money';
import type { Keyset } from '../src/domain/keyset.ts';
import { pointHex } from '../src/domain/side-checks.ts';
import { grpcClient, type PromisedClient } from '@assay/shared/runtime/grpc-client';
import { implement } from '@assay/shared/runtime/grpc-implementation';
import { startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { testContext } from '@assay/testkit/context';
import { memoryKeysets, memorySignatory } from './memory-keys.ts';

/** A field of a later schema, which today's readers skip: number 100, text. */
const UNKNOWN_FIELD = concat(Uint8Array.of(0xa2, 0x06), u8(5), Buffer.from('later'));
const UNKNOWN_NUMBER = Uint8Array.of(0xa8, 0x06, 0x2a);

const asIs = (bytes: Buffer) => bytes;
const raw = <M extends object>(method: M) => ({ ...method, responseSerialize: asIs, responseDeserialize: asIs });

/** The contract, with answers as bytes. */
const BYTES_SERVICE = {
  blindSign: raw(SignatoryService.blindSign),
  verifyProofs: raw(SignatoryService.verifyProofs),
  keysets: raw(SignatoryService.keysets),
  subscribeKeysets: raw(SignatoryService.subscribeKeysets),
  rotateKeyset: raw(SignatoryService.rotateKeyset),
} as const;

/** What cdk puts in `Error`; other codes it never sends. */
export interface CdkError {
  /** Of today's schema or of a later one. */
  readonly code: ErrorCode;
  readonly detail: string;
}

export interface CdkLikeSignatory {
  readonly client: PromisedClient<typeof SignatoryService>;
  /** From now on every call but keysets answers this error. */
  fail(error: CdkError | undefined): void;
  /** Subscriptions to keysets so far. */
  subscribed(): number;
  /** Told to subscribers as they come. */
  tell(keysets: readonly Keyset[]): void;
  end(): Promise<void>;
}

/**
 * Answers as cashubtc/cdk at 4c74b262 does (crates/cdk-signatory/src/proto/convert.rs): keysets in no order, version 0,
 * with an issuer version and fields of a later schema; a wrong proof is an empty answer; texts are its own.
 */
export async function cdkLikeSignatory(keysets: readonly Keyset[]): Promise<CdkLikeSignatory> {
  const signatory = memorySignatory(memoryKeysets(keysets));
  let told = keysets;
  let subscribed = 0;
  let failure: CdkError | undefined;
  const failed = () => failure && Buffer.from(concat(field(1, WireError.encode(failure).finish()), UNKNOWN_FIELD));
  const implementation = implement(BYTES_SERVICE, {
    blindSign: async (request) => failed() ?? (await signed(request, signatory)),
    verifyProofs: async (request) => failed() ?? (await verified(request, signatory)),
    keysets: () => Promise.resolve(snapshot(told)),
    async *subscribeKeysets(_, { signal }) {
      subscribed += 1;
      yield snapshot(told);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    rotateKeyset: () => Promise.reject(new Error('not in tests')),
  });
  const context = testContext({ name: 'signatory' });
  const port = await startGrpcServer(context, {
    ...{ port: 0, allowUnauthenticated: true, implementations: [implementation] },
  });
  const client = grpcClient(SignatoryService, { url: `127.0.0.1:${port}`, deadlineMs: 5_000 });
  return {
    client,
    fail: (error) => void (failure = error),
    subscribed: () => subscribed,
    tell: (next) => void (told = next),
    async end() {
      client.close();
      await context.stop();
    },
  };
}

type Signatory = ReturnType<typeof memorySignatory>;

async function signed({ blindedMessages }: BlindedMessages, signatory: Signatory): Promise<Buffer> {
  const answer = await signatory.blindSign(
    blindedMessages.map(({ amount: value, keysetId, blindedSecret }) => ({
      ...{ amount: amount(value), keyset: toHex(keysetId), b: pointHex(blindedSecret) },
    })),
  );
  if (!answer.ok) return Buffer.from(field(1, WireError.encode({ code: 5, detail: 'Inactive Keyset' }).finish()));
  const signatures = answer.value.map(({ amount: value, keyset, c, e, s }) => {
    const dleq = { e: Buffer.from(e, 'hex'), s: Buffer.from(s, 'hex') };
    const wire = { amount: value, keysetId: Buffer.from(keyset, 'hex'), blindedSecret: Buffer.from(c, 'hex'), dleq };
    return field(1, concat(UNKNOWN_NUMBER, BlindSignature.encode(wire).finish()));
  });
  return Buffer.from(concat(field(2, concat(...signatures)), UNKNOWN_FIELD));
}

async function verified({ proof }: Proofs, signatory: Signatory): Promise<Buffer> {
  const proofs = proof.map(({ amount: value, keysetId, secret, c }) => ({
    ...{ amount: amount(value), keyset: toHex(keysetId), secret: secret.toString('utf8'), c: pointHex(c) },
  }));
  return Buffer.from((await signatory.verifyProofs(proofs)) ? [0x10, 1] : []);
}

function snapshot(keysets: readonly Keyset[]): Buffer {
  const pubkey = field(1, fromHex(`02${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}`));
  const told = keysets.map((keyset) => field(2, keysetBytes(keyset)));
  return Buffer.from(field(2, concat(...told, UNKNOWN_FIELD, pubkey)));
}

/** Field by field, in no order of their numbers. */
function keysetBytes({ id, unit, active, inputFeePpk, finalExpiryS, keys }: Keyset): Uint8Array {
  const byAmount = new Map<bigint, Buffer>(
    [...keys].reverse().map(([value, key]: [Amount, string]) => [value, Buffer.from(key, 'hex')]),
  );
  const wireUnit =
    unit === 'sat' ? ({ $case: 'unit', value: 1 } as const) : ({ $case: 'customUnit', value: unit } as const);
  return concat(
    field(8, Buffer.from('cdk/0.18.0')),
    field(5, Keys.encode({ keys: byAmount }).finish()),
    ...(finalExpiryS === undefined ? [] : [Uint8Array.of(0x30), varint(finalExpiryS)]),
    ...(inputFeePpk === 0n ? [] : [Uint8Array.of(0x20), varint(inputFeePpk)]),
    ...(active ? [Uint8Array.of(0x18, 1)] : []),
    UNKNOWN_FIELD,
    field(2, CurrencyUnit.encode({ currencyUnit: wireUnit }).finish()),
    field(1, fromHex(id)),
  );
}

/** A length-delimited field. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return concat(u8((number << 3) | 2), varint(BigInt(bytes.length)), bytes);
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Uint8Array.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
