import { toHex } from '@assay/shared/kernel/bytes';
import { amount, QUOTE_AMOUNT_MAX } from '@assay/shared/kernel/money';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { decode } from 'cborg';
import { z } from 'zod';
import { pointHex } from '../../domain/side-checks.ts';
import type { ProofInput } from '../../domain/request.ts';

export const TOKEN_CHARS_MAX = 1_048_576;
const SHORT_ID_BYTES = 8;

const value = z.union([z.int(), z.bigint()]).transform(BigInt).pipe(z.bigint().min(0n).max(QUOTE_AMOUNT_MAX));
const bytes = (length: number) => z.instanceof(Uint8Array).refine((given) => given.length === length);
const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-fA-F]{${2 * length}}$`));
const keysetBytes = z.instanceof(Uint8Array).refine(({ length }) => length === SHORT_ID_BYTES || length === 33);
const witness = z.union([z.string(), z.record(z.string(), z.unknown()).transform((given) => JSON.stringify(given))]);

/** NUT-00, V3: JSON. */
const TOKEN_A = z.object({
  token: z.array(
    z.object({
      proofs: z.array(
        z.object({
          amount: value,
          id: z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{66})$/),
          secret: z.string(),
          C: hex(33),
          witness: witness.optional(),
        }),
      ),
    }),
  ),
});

/** NUT-00, V4: CBOR. */
const TOKEN_B = z.object({
  t: z.array(
    z.object({
      i: keysetBytes,
      p: z.array(z.object({ a: value, s: z.string(), c: bytes(33), w: witness.optional() })),
    }),
  ),
});

/**
 * Proofs in a `cashuA…` or `cashuB…` token, whatever mint it names: the keysets decide whose they are.
 * @param keysetIds known ones in hex, for the short ids of V4 tokens
 */
export function parseToken(text: string, keysetIds: readonly string[]): Result<readonly ProofInput[], 'bad-token'> {
  if (text.length > TOKEN_CHARS_MAX) return err('bad-token');
  const body = /^(?:cashu:(?:\/\/)?)?cashu([AB])([A-Za-z0-9_-]+)={0,2}$/.exec(text);
  if (body === null) return err('bad-token');
  try {
    const content = Buffer.from(body[2] ?? '', 'base64url');
    const proofs = body[1] === 'A' ? proofsOfA(content) : proofsOfB(content);
    return ok(proofs.map((proof) => ({ ...proof, keyset: wholeId(proof.keyset, keysetIds) })));
  } catch {
    return err('bad-token');
  }
}

function proofsOfA(content: Uint8Array): readonly ProofInput[] {
  const { token } = TOKEN_A.parse(JSON.parse(Buffer.from(content).toString('utf8')));
  return token.flatMap(({ proofs }) =>
    proofs.map((proof) => ({
      ...{ amount: amount(proof.amount), keyset: proof.id.toLowerCase(), secret: proof.secret },
      ...{ c: pointHex(Buffer.from(proof.C, 'hex')), witness: proof.witness },
    })),
  );
}

function proofsOfB(content: Uint8Array): readonly ProofInput[] {
  const strict = { allowIndefinite: false, rejectDuplicateMapKeys: true } as const;
  const { t } = TOKEN_B.parse(decode(content, strict));
  return t.flatMap(({ i, p }) =>
    p.map((proof) => ({
      ...{ amount: amount(proof.a), keyset: toHex(i), secret: proof.s },
      ...{ c: pointHex(proof.c), witness: proof.w },
    })),
  );
}

/** NUT-02: a V4 token names a keyset of version 01 by its first 8 bytes. One that fits several is none. */
function wholeId(id: string, keysetIds: readonly string[]): string {
  if (id.length !== 2 * SHORT_ID_BYTES || keysetIds.includes(id)) return id;
  const [only, ...others] = keysetIds.filter((each) => each.startsWith(id));
  return only !== undefined && others.length === 0 ? only : id;
}
