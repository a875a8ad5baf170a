import {
  type BlindSignature,
  ErrorCode,
  type KeySet,
  type KeysResponse,
  type SignatoryService as Definition,
  SignatoryService,
} from '@assay/proto/gen/signatory/signatory';
import { toHex, utf8 } from '@assay/shared/kernel/bytes';
import { amount } from '@assay/shared/kernel/money';
import { grpcClient, type PromisedClient } from '@assay/shared/runtime/grpc-client';
import { implement, type Implementation, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { testContext } from '@assay/testkit/context';
import type { Keyset } from '../src/domain/keyset.ts';
import type { OperationOutput } from '../src/domain/operation.ts';
import { pointHex } from '../src/domain/side-checks.ts';
import type { Keysets } from '../src/ports.ts';
import { memoryKeysets, memorySignatory } from './memory-keys.ts';

const NO_ERROR = { error: undefined } as const;
const UNKNOWN_KEYSET = { code: ErrorCode.ERROR_CODE_KEYSET_NOT_KNOWN, detail: 'keyset not known' } as const;

export interface SignatoryServer {
  readonly client: PromisedClient<typeof Definition>;
  /** Calls of VerifyProofs and BlindSign so far. */
  calls(): number;
  /** Subscriptions to keysets so far. */
  subscribed(): number;
  /** Tells these keysets from now on, to whoever is subscribed too. */
  tell(keysets: readonly KeySet[]): void;
  /** Ends the process; `restart` serves on the same port again. */
  stop(): Promise<void>;
  restart(): Promise<void>;
  end(): Promise<void>;
}

interface Telling {
  keysets: KeySet[];
  wake: PromiseWithResolvers<undefined>;
  calls: number;
  subscribed: number;
}

/** The keys of `aKeyset` behind the real contract, over a socket. */
export async function signatoryServer(keysets: readonly Keyset[]): Promise<SignatoryServer> {
  const telling = { keysets: keysets.map(wireOf), wake: Promise.withResolvers<undefined>(), calls: 0, subscribed: 0 };
  const implementation = implementing(telling, memoryKeysets(keysets));
  const serve = (context: ServiceContext, port: number) =>
    startGrpcServer(context, { port, allowUnauthenticated: true, implementations: [implementation] });

  let context = testContext({ name: 'signatory' });
  const port = await serve(context, 0);
  const client = grpcClient(SignatoryService, { url: `127.0.0.1:${port}`, deadlineMs: 5_000 });
  const stop = () => context.stop();
  return {
    client,
    stop,
    calls: () => telling.calls,
    subscribed: () => telling.subscribed,
    tell: (next) => {
      telling.keysets = [...next];
      telling.wake.resolve(undefined);
      telling.wake = Promise.withResolvers();
    },
    restart: async () => {
      context = testContext({ name: 'signatory' });
      await serve(context, port);
    },
    end: async () => {
      client.close();
      await stop();
    },
  };
}

function implementing(telling: Telling, known: Keysets): Implementation {
  const signatory = memorySignatory(known);
  return implement(SignatoryService, {
    keysets: async () => told(telling.keysets),
    subscribeKeysets: (_, { signal }) => snapshots(telling, signal),
    verifyProofs: async ({ proof }) => {
      telling.calls += 1;
      const proofs = proof.map(({ amount: value, keysetId, secret, c }) => ({
        ...{ amount: amount(value), keyset: toHex(keysetId), secret: secret.toString('utf8'), c: pointHex(c) },
      }));
      if (proofs.some(({ keyset }) => known.get(keyset) === undefined))
        return { error: UNKNOWN_KEYSET, success: false };
      return { ...NO_ERROR, success: await signatory.verifyProofs(proofs) };
    },
    blindSign: async ({ blindedMessages }) => {
      telling.calls += 1;
      const outputs = blindedMessages.map(({ amount: value, keysetId, blindedSecret }) => ({
        ...{ amount: amount(value), keyset: toHex(keysetId), b: pointHex(blindedSecret) },
      }));
      const signed = await signatory.blindSign(outputs);
      if (!signed.ok) return { error: { code: ErrorCode.ERROR_CODE_KEYSET_INACTIVE, detail: '' }, sigs: undefined };
      return { ...NO_ERROR, sigs: { blindSignatures: signed.value.map(signatureOf) } };
    },
    rotateKeyset: () => Promise.reject(new Error('not in tests')),
  });
}

async function* snapshots(telling: Telling, signal: AbortSignal): AsyncIterable<KeysResponse> {
  telling.subscribed += 1;
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  while (!signal.aborted) {
    yield told(telling.keysets);
    await Promise.race([telling.wake.promise, aborted]);
  }
}

function signatureOf({ amount: value, keyset, c, e, s }: OperationOutput): BlindSignature {
  return { amount: value, keysetId: bytes(keyset), blindedSecret: bytes(c), dleq: { e: bytes(e), s: bytes(s) } };
}

export function wireOf({ id, unit, active, inputFeePpk, finalExpiryS, keys }: Keyset): KeySet {
  return {
    id: bytes(id),
    unit: { currencyUnit: { $case: 'customUnit', value: unit } },
    active,
    inputFeePpk,
    keys: { keys: new Map([...keys].map(([value, key]) => [value, bytes(key)])) },
    finalExpiry: finalExpiryS,
    version: 1,
  };
}

function told(keysets: readonly KeySet[]): KeysResponse {
  return { ...NO_ERROR, keysets: { pubkey: Buffer.from(utf8('')), keysets: [...keysets] } };
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
