import { type Bytes, concat, utf8 } from '@assay/shared/kernel/bytes';
import { sha256 } from '@assay/shared/kernel/hash';
import { decodePageToken, encodePageToken } from '@assay/shared/runtime/paging';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { createCipheriv, createDecipheriv } from 'node:crypto';

/** Tokens that say where to go on, and nothing to whoever carries them. */
export interface SealedTokens {
  seal(fields: Readonly<Record<string, string>>): string;
  /**
   * The fields of a token that any instance sealed.
   * @throws GrpcFault `PAGE_TOKEN_INVALID`
   */
  open(token: string): Record<string, string>;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const TOKEN_CHARS_MAX = 4_096;

/**
 * Positions name quotes by their natural keys, and that of an unlocked quote tells the id by which anybody mints it: teams
 * are given them sealed.
 * @param secret of the mint, the same at all its instances
 */
export function sealedTokens(secret: Bytes): SealedTokens {
  const key = sha256(utf8('assay/page-token/v1'), secret);
  return {
    seal: (fields) => {
      const text = utf8(encodePageToken(fields));
      // One position has one token.
      const nonce = sha256(utf8('nonce'), key, text).subarray(0, NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce);
      const sealed = concat(cipher.update(text), cipher.final());
      return Buffer.from(concat(nonce, sealed, cipher.getAuthTag())).toString('base64url');
    },
    open: (token) => decodePageToken(opened(key, token)),
  };
}

function opened(key: Bytes, token: string): string {
  const bytes = Buffer.from(token.length > TOKEN_CHARS_MAX ? '' : token, 'base64url');
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.from(concat(decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final())).toString();
  } catch {
    throw new GrpcFault('PAGE_TOKEN_INVALID', 'the token is not one that this method returned');
  }
}
