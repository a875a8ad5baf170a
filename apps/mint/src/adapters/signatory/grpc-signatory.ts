import { ErrorCode, type BlindSignature, type SignatoryService } from '@assay/proto/gen/signatory/signatory';
import { assert, present } from '@assay/shared/kernel/assert';
import { toHex } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import type { PromisedClient } from '@assay/shared/runtime/grpc-client';
import type { OperationOutput } from '../../domain/operation.ts';
import { pointHex } from '../../domain/side-checks.ts';
import { grouped } from '../../grouping.ts';
import { signed } from '../../telemetry.ts';
import type { OutputToSign, ProofToVerify, Signatory, SigningRefusal } from '../../ports.ts';

type Client = PromisedClient<typeof SignatoryService>;
type Signatures = Result<readonly OperationOutput[], SigningRefusal>;
/** Whether proofs are good, or why the signatory cannot say. */
type Verdict = boolean | Error;

/** A call costs both sides as much as some ten points: one beside another must have many of its own. */
const GROUP = { weightMax: 1_000, inFlightMax: 2, besideFrom: 64, waitingMax: 4_096 } as const;
/** Proofs of one request that are verified before others have their turn, and of all requests in one call. */
const PROOFS_AT_ONCE = 64;
const PROOFS_OF_CALL = 256;

/** Refusals of the signatory; any other of its errors is a fault. */
const REFUSALS: Partial<Record<ErrorCode, SigningRefusal>> = {
  [ErrorCode.ERROR_CODE_AMOUNT_OUTSIDE_LIMIT]: 'amount-outside-limit',
  // cdk tells repeated outputs with the code of repeated inputs.
  [ErrorCode.ERROR_CODE_DUPLICATE_INPUTS_PROVIDED]: 'repeated-output',
  [ErrorCode.ERROR_CODE_DUPLICATE_OUTPUTS_PROVIDED]: 'repeated-output',
  [ErrorCode.ERROR_CODE_KEYSET_NOT_KNOWN]: 'keyset-unknown',
  [ErrorCode.ERROR_CODE_KEYSET_INACTIVE]: 'keyset-inactive',
  [ErrorCode.ERROR_CODE_MINTING_DISABLED]: 'minting-disabled',
  [ErrorCode.ERROR_CODE_INVALID_BLIND_MESSAGE]: 'bad-request',
  [ErrorCode.ERROR_CODE_UNIT_NOT_SUPPORTED]: 'unit-not-supported',
};

/**
 * The signatory over gRPC. Requests that come together go as one call; as a call is all or nothing, a refused group is
 * asked again one by one, so that nobody is refused for a neighbour.
 */
export function grpcSignatory(client: Client): Signatory {
  const verifyTogether = grouped<readonly ProofToVerify[], Verdict>({
    ...{ ...GROUP, weightMax: PROOFS_OF_CALL },
    weigh: (proofs) => proofs.length,
    run: (requests) => together(requests, (proofs) => verify(client, proofs), everyTrue),
  });
  return {
    verifyProofs: (proofs) => everyPart(proofs, verifyTogether),
    blindSign: grouped<readonly OutputToSign[], Signatures>({
      ...GROUP,
      weigh: (outputs) => outputs.length,
      run: (requests) => together(requests, (outputs) => blindSign(client, outputs), splitSignatures),
    }),
  };
}

/** A thousand proofs that nobody signed hold nobody up, and are known by the first of them. */
async function everyPart(
  proofs: readonly ProofToVerify[],
  verifyPart: (proofs: readonly ProofToVerify[]) => Promise<Verdict>,
): Promise<boolean> {
  for (let at = 0; at === 0 || at < proofs.length; at += PROOFS_AT_ONCE) {
    const verdict = await verifyPart(proofs.slice(at, at + PROOFS_AT_ONCE));
    if (verdict instanceof Error) throw verdict;
    if (!verdict) return false;
  }
  return true;
}

/** One call for all requests, or, when `split` finds that it was refused, one for each. */
async function together<Item, Answer>(
  requests: readonly (readonly Item[])[],
  call: (items: readonly Item[]) => Promise<Answer>,
  split: (answer: Answer, requests: readonly (readonly Item[])[]) => readonly Answer[] | undefined,
): Promise<readonly Answer[]> {
  const [only] = requests;
  if (requests.length === 1 && only !== undefined) return [await call(only)];
  return split(await call(requests.flat()), requests) ?? Promise.all(requests.map(call));
}

function everyTrue(verdict: Verdict, requests: readonly unknown[]): readonly Verdict[] | undefined {
  return verdict === true ? requests.map(() => true) : undefined;
}

function splitSignatures(
  answer: Signatures,
  requests: readonly (readonly OutputToSign[])[],
): readonly Signatures[] | undefined {
  if (!answer.ok) return undefined;
  let at = 0;
  return requests.map(({ length }) => ok(answer.value.slice(at, (at += length))));
}

async function verify(client: Client, proofs: readonly ProofToVerify[]): Promise<Verdict> {
  const { error, success } = await client.verifyProofs({
    proof: proofs.map(({ amount, keyset, secret, c }) => ({
      amount,
      keysetId: Buffer.from(keyset, 'hex'),
      secret: Buffer.from(secret, 'utf8'),
      c: Buffer.from(c, 'hex'),
    })),
  });
  if (error === undefined) return success;
  // A group may hold one proof twice, from two requests that race for it.
  const { ERROR_CODE_INVALID_PROOF: invalid, ERROR_CODE_DUPLICATE_INPUTS_PROVIDED: repeated } = ErrorCode;
  if (error.code === invalid || error.code === repeated) return false;
  // A value, so that it is a fault of the request alone that it is about: its keyset may have expired just now.
  return new Error(`the signatory did not verify: ${error.detail}`);
}

async function blindSign(client: Client, outputs: readonly OutputToSign[]): Promise<Signatures> {
  const startedAt = performance.now();
  const { error, sigs } = await client.blindSign({
    blindedMessages: outputs.map(({ amount, keyset, b }) => ({
      amount,
      keysetId: Buffer.from(keyset, 'hex'),
      blindedSecret: Buffer.from(b, 'hex'),
    })),
  });
  signed((performance.now() - startedAt) / 1_000);
  if (error !== undefined) return refusedOrFault(error);
  const signatures = sigs?.blindSignatures ?? [];
  assert(signatures.length === outputs.length, 'the signatory signed another number of outputs');
  return ok(outputs.map((output, index) => parseSignature(output, present(signatures[index], 'signature'))));
}

function refusedOrFault(error: { code: ErrorCode; detail: string }): Signatures {
  const refused = REFUSALS[error.code];
  if (refused !== undefined) return err(refused);
  throw new Error(`the signatory did not sign: ${error.detail}`);
}

function parseSignature({ b, keyset, amount }: OutputToSign, wire: BlindSignature): OperationOutput {
  const isOfOutput = wire.amount === amount && toHex(wire.keysetId) === keyset;
  assert(isOfOutput && wire.dleq !== undefined, 'the signatory answered in another order, or without DLEQ');
  const { e, s } = wire.dleq;
  return { b, keyset, amount, c: pointHex(wire.blindedSecret), e: toHex(e), s: toHex(s) };
}
