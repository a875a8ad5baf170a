import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { publicKeyOf, xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';
import type { WalletKey } from '../wallet/find-quotes.ts';

/** The keys of a local deployment: made once, kept as files that only their owner may read. */
export interface Identity {
  readonly poolKeyFile: string;
  /** x-only, hex. */
  readonly poolKey: string;
  readonly auditorKeyFile: string;
  readonly auditorKey: string;
  readonly mintIdentityFile: string;
  readonly signatoryMasterFile: string;
  /** The miner's and wallet's key: shares are credited to it, quotes are locked to it. */
  readonly wallet: WalletKey;
}

export function loadIdentity(dataDir: string): Identity {
  const folder = join(dataDir, 'keys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keyFile = (name: string, bytes = 32) => {
    const file = join(folder, name);
    if (!existsSync(file)) writeFileSync(file, `${randomBytes(bytes).toString('hex')}\n`, { mode: 0o600 });
    return file;
  };
  const secretIn = (file: string) => fromHex(readFileSync(file, 'utf8').trim());
  const poolKeyFile = keyFile('pool');
  const auditorKeyFile = keyFile('auditor');
  const walletSecret = secretIn(keyFile('wallet'));
  return {
    poolKeyFile,
    poolKey: toHex(xOnlyPublicKeyOf(secretIn(poolKeyFile))),
    auditorKeyFile,
    auditorKey: toHex(xOnlyPublicKeyOf(secretIn(auditorKeyFile))),
    mintIdentityFile: keyFile('mint-identity'),
    signatoryMasterFile: keyFile('signatory-master'),
    wallet: { secret: walletSecret, locking: toHex(publicKeyOf(walletSecret)) },
  };
}
