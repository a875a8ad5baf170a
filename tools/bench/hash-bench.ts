import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from '@assay/testkit/find-server';
import type { Benchmark } from './benchmark.ts';

const PROGRAM = 'apps/pool/test/measure-hashing.ts';
const SECONDS = 3;

const answer = z.object({ node: z.number().positive(), wasm: z.number().positive() });

export const hashBench: Benchmark = {
  name: 'hash',
  method:
    `full share verifications through the pool's hashShare, each another extranonce and nonce: coinbase of 250 bytes, ` +
    `12 Merkle steps, header; one process, one core, ${SECONDS} s for each implementation after a warm-up`,
  run: async ({ tell, size }) => {
    tell('hash: verifying shares with each implementation');
    const args = [join(ROOT, PROGRAM), String(SECONDS * size)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { node, wasm } = answer.parse(JSON.parse(stdout));
    return { nodePerS: node, wasmPerS: wasm };
  },
};
