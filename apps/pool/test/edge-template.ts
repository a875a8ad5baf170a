import { sha256 } from '@assay/shared/kernel/hash';
import { fromHex, toHex, utf8 } from '@assay/shared/kernel/bytes';
import { unixMs } from '@assay/shared/kernel/clock';
import type { PoolId } from '@assay/shared/kernel/ids';
import { buildTemplate, readNodeTemplate } from '../src/domain/build-template.ts';
import type { Template } from '../src/domain/template.ts';

/** Settings of the pool in the tests of the edge. */
export const SETTINGS = {
  poolId: 'pool-1' as PoolId,
  versionMask: 0x1fffe000,
  coinbaseTag: utf8('/assay/'),
  payouts: [{ script: fromHex('51'), ppm: 1_000_000 }],
};

/** The answer to getblocktemplate on a chain whose tip is named by a text; its difficulty is beyond any test. */
export function nodeAnswer(tip: string, fields: Readonly<Record<string, unknown>> = {}) {
  return {
    version: 0x20000000,
    previousblockhash: `00000000${toHex(sha256(utf8(tip))).slice(8)}`,
    bits: '17034219',
    height: 840_001,
    mintime: 1_795_226_000,
    curtime: 1_795_227_000,
    coinbasevalue: 312_500_000,
    transactions: [],
    rules: ['csv', '!segwit'],
    ...fields,
  };
}

export function edgeTemplate(tip = 'a', fields: Readonly<Record<string, unknown>> = {}): Template {
  const node = readNodeTemplate(nodeAnswer(tip, fields));
  if (!node.ok) throw new Error(node.error.field);
  const built = buildTemplate(node.value, SETTINGS, unixMs(1_795_227_000_000));
  if (!built.ok) throw new Error(built.error.field);
  return built.value.template;
}
