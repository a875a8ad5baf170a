import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '@assay/shared/kernel/bytes';
import { createJob } from '../../domain/job.ts';
import { requireHasher } from './choose-hasher.ts';
import { KNOWN_SHARES } from './known-shares.ts';
import { nodeHasher } from './node-hasher.ts';
import { wasmHasher } from './wasm-hasher.ts';

const bytes = (length: { min: number; max: number }) => fc.uint8Array({ minLength: length.min, maxLength: length.max });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('hashers', () => {
  it('auto takes the WebAssembly one, which reproduces the known shares', () => {
    expect(requireHasher('auto').name).toBe('wasm');
  });

  it('node alone reproduces the known shares too', () => {
    expect(requireHasher('node').name).toBe('node');
  });

  it('a native hasher that is not shipped is missing, not silently replaced', () => {
    expect(() => requireHasher('native')).toThrow('native is not present here');
  });

  it('both find the same header and hash for any coinbase, branch and share', () => {
    const known = KNOWN_SHARES[0]?.job.template;
    if (known === undefined) throw new Error('there is a known share');
    const [node, wasm] = [nodeHasher(), wasmHasher()];
    const input = fc.record({
      coinbasePrefix: bytes({ min: 42, max: 60 }),
      coinbaseSuffix: bytes({ min: 10, max: 400 }),
      merkleBranch: fc.array(bytes({ min: 32, max: 32 }), { maxLength: 16 }),
      extranonce: bytes({ min: 12, max: 12 }),
      numbers: fc.tuple(u32, u32, u32),
    });
    fc.assert(
      fc.property(input, ({ extranonce, numbers, ...parts }) => {
        const job = createJob({ ...known, ...parts }, 0, 1, 0);
        const headers = [new Uint8Array(80), new Uint8Array(80)] as const;
        const hashes = [
          node(job, extranonce, ...numbers, headers[0]),
          wasm(job, extranonce, ...numbers, headers[1]),
        ] as const;
        expect(toHex(hashes[1])).toBe(toHex(hashes[0]));
        expect(toHex(headers[1])).toBe(toHex(headers[0]));
      }),
    );
  });
});
