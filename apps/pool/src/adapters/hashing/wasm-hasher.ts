import { assert } from '@assay/shared/kernel/assert';
import type { Bytes } from '@assay/shared/kernel/bytes';
import type { Template } from '../../domain/template.ts';
import type { HashShare } from '../../ports.ts';
import { BRANCH_MAX, COINBASE_MAX, MEMORY, sha256ShareModule } from './sha256-module.ts';
import { layCoinbase, writeHeader } from './share-layout.ts';

// The part of the global that is used here: TypeScript has it only together with the whole of the DOM.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer };
};

interface Prepared {
  /** The coinbase with the padding of SHA-256. */
  readonly coinbase: Bytes;
  /** Words of the branch as numbers of this machine. */
  readonly branch: Bytes;
}

/** Verification in WebAssembly that is assembled at start: no native code, three times the speed of `nodeHasher`. */
export function wasmHasher(): HashShare {
  const { memory, share } = instantiate();
  const prepared = new WeakMap<Template, Prepared>();
  const header80 = memory.subarray(MEMORY.header, MEMORY.header + 80);
  const hash = memory.subarray(MEMORY.hash, MEMORY.hash + 32);
  memory.set(padded(new Uint8Array(80)).subarray(80), MEMORY.header + 80);
  let loaded: Template | undefined;
  let blocks = 0;
  const use = (template: Template) => {
    let work = prepared.get(template);
    if (work === undefined) prepared.set(template, (work = prepare(template)));
    memory.set(work.coinbase, MEMORY.coinbase);
    memory.set(work.branch, MEMORY.branch);
    blocks = work.coinbase.length / 64;
    loaded = template;
  };
  return ({ template }, extranonce, ntime, nonce, version, header) => {
    if (loaded !== template) use(template);
    memory.set(extranonce, MEMORY.coinbase + template.coinbasePrefix.length);
    writeHeader(header80, template, ntime, nonce, version);
    share(blocks, template.merkleBranch.length);
    header.set(header80);
    return Uint8Array.from(hash);
  };
}

function instantiate() {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(sha256ShareModule()));
  const { memory, share } = exports;
  assert(memory instanceof WebAssembly.Memory && typeof share === 'function', 'the module exports memory and share');
  const run: (blocks: number, steps: number) => void = share as (blocks: number, steps: number) => void;
  return { memory: Buffer.from(memory.buffer), share: run };
}

function prepare(template: Template): Prepared {
  const coinbase = padded(layCoinbase(template));
  assert(coinbase.length <= COINBASE_MAX, 'the coinbase does not fit the memory of the hasher');
  assert(template.merkleBranch.length <= BRANCH_MAX, 'the branch does not fit the memory of the hasher');
  const branch = Buffer.concat(template.merkleBranch);
  return { coinbase, branch: branch.length === 0 ? branch : branch.swap32() };
}

/** Whole blocks of 64 bytes: message ‖ 80 ‖ zeros ‖ u64(bits). */
function padded(message: Bytes): Bytes {
  const out = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64);
  out.set(message);
  out.writeUInt8(0x80, message.length);
  out.writeBigUInt64BE(BigInt(8 * message.length), out.length - 8);
  return out;
}
