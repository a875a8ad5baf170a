import {
  type BlindedMessages,
  type BlindSignResponse,
  type BooleanResponse,
  type KeyRotationResponse,
  type KeysResponse,
  type Proofs,
  type RotationRequest,
  SignatoryService,
} from '@assay/proto/gen/signatory/signatory';
import { present } from '@assay/shared/kernel/assert';
import { type Implementation, implement } from '@assay/shared/runtime/grpc-implementation';
import { GrpcStatusFault } from '@assay/shared/runtime/grpc-status';
import { blindSign, type BlindSignPorts } from '../../flows/blind-sign.ts';
import { rotateKeyset } from '../../flows/rotate-keyset.ts';
import { verifyProofs } from '../../flows/verify-proofs.ts';
import type { Keyring } from '../../flows/keyring.ts';
import type { UnitStore } from '../../ports.ts';
import { readMetadata, requestIdOfCall } from './call-metadata.ts';
import {
  parseMessage,
  parseProof,
  parseRotation,
  renderKeyset,
  renderRefusal,
  renderSignature,
  renderSnapshot,
} from './wire.ts';

const MAX_ITEMS = 1_000;
const SECRET_BYTES_MAX = 8_192;

export interface SignatoryPorts extends BlindSignPorts {
  readonly units: UnitStore;
}

/** `signatory.Signatory`, wire-equal to cdk-signatory schema 2. What is wrong with an item is told in `error`. */
export function signatoryService(ports: SignatoryPorts): Implementation {
  const handlers = {
    blindSign: (request: BlindedMessages) => answerBlindSign(ports, request),
    verifyProofs: (request: Proofs) => answerVerifyProofs(ports, request),
    keysets: () => Promise.resolve(keysResponse(ports.keyring)),
    subscribeKeysets: (_: object, { signal }: { readonly signal: AbortSignal }) => streamKeysets(ports.keyring, signal),
    rotateKeyset: (request: RotationRequest) => answerRotation(ports, request),
  };
  return implement(SignatoryService, handlers, { authorize: readMetadata });
}

async function answerBlindSign(ports: SignatoryPorts, request: BlindedMessages): Promise<BlindSignResponse> {
  const messages = request.blindedMessages;
  refuseTooMany(messages.length);
  const outcome = await blindSign(ports, messages.map(parseMessage));
  if (!outcome.ok) return { error: renderRefusal(outcome.error), sigs: undefined };
  const blindSignatures = outcome.value.map((signature, at) =>
    renderSignature(present(messages[at], 'the message of a signature'), signature),
  );
  return { error: undefined, sigs: { blindSignatures } };
}

async function answerVerifyProofs(ports: SignatoryPorts, { proof }: Proofs): Promise<BooleanResponse> {
  refuseTooMany(proof.length);
  if (proof.some(({ secret }) => secret.length > SECRET_BYTES_MAX)) {
    throw new GrpcStatusFault('INVALID_ARGUMENT', `a secret has at most ${SECRET_BYTES_MAX} bytes`);
  }
  const outcome = await verifyProofs(ports, proof.map(parseProof));
  if (!outcome.ok) return { error: renderRefusal(outcome.error), success: false };
  return { error: undefined, success: outcome.value };
}

async function answerRotation(ports: SignatoryPorts, request: RotationRequest): Promise<KeyRotationResponse> {
  const parsed = parseRotation(request, requestIdOfCall());
  const outcome = parsed.ok ? await rotateKeyset(ports, parsed.value.unit, parsed.value.asked) : parsed;
  if (!outcome.ok) return { error: renderRefusal(outcome.error), keyset: undefined };
  return { error: undefined, keyset: renderKeyset(outcome.value) };
}

async function* streamKeysets(keyring: Keyring, signal: AbortSignal): AsyncIterable<KeysResponse> {
  for await (const snapshot of keyring.changes(signal)) yield { error: undefined, keysets: renderSnapshot(snapshot) };
}

function keysResponse(keyring: Keyring): KeysResponse {
  return { error: undefined, keysets: renderSnapshot(keyring.snapshot()) };
}

function refuseTooMany(count: number): void {
  if (count > MAX_ITEMS) throw new GrpcStatusFault('INVALID_ARGUMENT', `at most ${MAX_ITEMS} items in one call`);
}
