import { bytesEqual, toHex } from '@assay/shared/kernel/bytes';
import { err, ok, type Result } from '@assay/shared/kernel/result';
import { StartError } from '@assay/shared/runtime/start-error';
import type { HashShare } from '../../ports.ts';
import { nodeHasher } from './node-hasher.ts';
import { KNOWN_SHARES } from './known-shares.ts';
import { wasmHasher } from './wasm-hasher.ts';

export type HasherName = 'auto' | 'node' | 'wasm' | 'native';

/** Fastest first. */
const HASHERS = [
  { name: 'wasm', create: wasmHasher },
  { name: 'node', create: nodeHasher },
] as const;

interface ChosenHasher {
  readonly name: string;
  readonly hashShare: HashShare;
}

type HasherFault =
  | { readonly code: 'hasher-missing'; readonly name: string }
  /** It was made, but does not reproduce the known shares: nothing that it says may be used. */
  | { readonly code: 'hasher-wrong'; readonly name: string };

/** The named implementation, or with `auto` the fastest that is present and reproduces the shares of 01-pool section 19. */
function chooseHasher(wanted: HasherName): Result<ChosenHasher, HasherFault> {
  let fault: HasherFault = { code: 'hasher-missing', name: wanted };
  for (const { name, create } of HASHERS.filter((each) => wanted === 'auto' || wanted === each.name)) {
    const hashShare = created(create);
    if (hashShare !== undefined && reproduces(hashShare)) return ok({ name, hashShare });
    fault = { code: hashShare === undefined ? 'hasher-missing' : 'hasher-wrong', name };
  }
  return err(fault);
}

/** @throws StartError when the wanted implementation is missing or wrong */
export function requireHasher(wanted: HasherName): ChosenHasher {
  const chosen = chooseHasher(wanted);
  if (chosen.ok) return chosen.value;
  const { code, name } = chosen.error;
  throw new StartError({
    what: `POOL_HASHER=${wanted} cannot be used`,
    why: code === 'hasher-missing' ? `${name} is not present here` : `${name} does not reproduce the known shares`,
    remedy: 'set POOL_HASHER=auto',
  });
}

function created(create: () => HashShare): HashShare | undefined {
  try {
    return create();
  } catch {
    // A platform without WebAssembly: with `auto` the next one serves.
    return undefined;
  }
}

function reproduces(hashShare: HashShare): boolean {
  return KNOWN_SHARES.every(({ job, extranonce, ntime, nonce, version, header, hash }) => {
    const hashed = new Uint8Array(80);
    const found = hashShare(job, extranonce, ntime, nonce, version, hashed);
    return bytesEqual(found, hash) && toHex(hashed) === header;
  });
}
