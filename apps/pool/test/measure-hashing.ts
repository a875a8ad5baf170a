import { randomBytes } from 'node:crypto';
import { present } from '@assay/shared/kernel/assert';
import { concat, toHex } from '@assay/shared/kernel/bytes';
import { requireHasher } from '../src/adapters/hashing/choose-hasher.ts';
import { KNOWN_SHARES } from '../src/adapters/hashing/known-shares.ts';
import { createJob } from '../src/domain/job.ts';
import { EXTRANONCE_BYTES, type Template } from '../src/domain/template.ts';

// A program: prints verifications a second of each hasher on one core, as JSON. Seconds for each as its argument.

const COINBASE_BYTES = 250;
const BRANCH_STEPS = 12;
const CHUNK = 1_000;
const NTIME = 1_795_227_100;

function usualTemplate(): Template {
  const { template } = present(KNOWN_SHARES[0], 'a known share').job;
  const shown = template.coinbasePrefix.length + EXTRANONCE_BYTES + template.coinbaseSuffix.length;
  return {
    ...template,
    coinbaseSuffix: concat(template.coinbaseSuffix, randomBytes(COINBASE_BYTES - shown)),
    merkleBranch: Array.from({ length: BRANCH_STEPS }, () => randomBytes(32)),
  };
}

const job = createJob(usualTemplate(), -8, 1, NTIME);
const header = new Uint8Array(80);
const extranonce = Buffer.alloc(EXTRANONCE_BYTES);

function verify(hasher: 'node' | 'wasm', milliseconds: number): { perSecond: number; last: string } {
  const { hashShare } = requireHasher(hasher);
  const startedAt = performance.now();
  let [verified, hash] = [0, new Uint8Array(32)];
  while (performance.now() - startedAt < milliseconds) {
    for (let index = 0; index < CHUNK; index += 1, verified += 1) {
      extranonce.writeUInt32BE(verified >>> 0, EXTRANONCE_BYTES - 4);
      hash = Uint8Array.from(hashShare(job, extranonce, NTIME, verified >>> 0, 0x2000_0000, header));
    }
  }
  return { perSecond: (1_000 * verified) / (performance.now() - startedAt), last: toHex(hash) };
}

const milliseconds = 1_000 * Number(process.argv[2]);
const names = ['node', 'wasm'] as const;
for (const name of names) verify(name, milliseconds / 4);
const figures = Object.fromEntries(names.map((name) => [name, Math.round(verify(name, milliseconds).perSecond)]));
process.stdout.write(JSON.stringify(figures));
