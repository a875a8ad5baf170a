import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fromHex, toHex } from '@assay/shared/kernel/bytes';
import { xOnlyPublicKeyOf } from '@assay/shared/kernel/schnorr';

/** What the containers run as; a reader of one folder sees no other service's secret. */
const READER = { uid: 1_000, gid: 1_000 };
const POOL_ID = 'pool-1';
/** The development chain pays a script that nobody can spend. */
const PAYOUT_SCRIPT = '0014482a532f430ddf94cbb1512d0fa53056bc75524f';

/**
 * Makes what a compose deployment lacks: a folder of secrets for each service, and `public` with the tables that name the
 * keys of the others. Secrets that are there already stay.
 */
export function makeKeys(root: string): void {
  const pool = secretIn(root, 'pool/key');
  const auditor = secretIn(root, 'auditor/key');
  secretIn(root, 'mint/identity-key');
  secretIn(root, 'signatory/master');
  const password = toHex(secretIn(root, 'bitcoind/password'));
  const publicKeyOf = (secret: Uint8Array) => toHex(xOnlyPublicKeyOf(secret));
  const tables = {
    'auditor-keys.json': [publicKeyOf(auditor)],
    'mint-pools.json': { [POOL_ID]: publicKeyOf(pool) },
    'auditor-pools.json': [auditedPool(publicKeyOf(pool))],
    'pool-payouts.json': [{ script: PAYOUT_SCRIPT, ppm: 1_000_000 }],
  };
  for (const [name, table] of Object.entries(tables)) write(root, `public/${name}`, JSON.stringify(table));
  for (const owner of ['pool', 'auditor']) write(root, `${owner}/bitcoind-credentials`, `assay:${password}`);
  write(root, 'bitcoind/bitcoin.conf', bitcoinConf(password));
}

function auditedPool(poolKey: string) {
  return {
    pool_id: POOL_ID,
    operator_id: 'local',
    mode: 'pool-only',
    pool_key: poolKey,
    scripts: [PAYOUT_SCRIPT],
    min_pool_ppm: 1_000_000,
    credit_shift: 16,
    version_mask: '1fffe000',
    grpc_url: 'pool:50051',
  };
}

/** A private signet whose challenge is OP_TRUE: about five million hashes a block. */
function bitcoinConf(password: string): string {
  return [
    'signet=1',
    'server=1',
    'listen=0',
    'dnsseed=0',
    'disablewallet=1',
    // A fresh or rested chain must not count as initial block download: no template is made in that state.
    'maxtipage=3153600000',
    'blockmaxweight=3996000',
    'blockmaxsize=3996000',
    'rpcworkqueue=128',
    '[signet]',
    'signetchallenge=51',
    'rpcport=38332',
    'rpcbind=0.0.0.0',
    ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.1'].map((network) => `rpcallowip=${network}`),
    'rpcuser=assay',
    `rpcpassword=${password}`,
    '',
  ].join('\n');
}

function secretIn(root: string, name: string): Uint8Array {
  if (!existsSync(join(root, name))) write(root, name, `${randomBytes(32).toString('hex')}\n`);
  return fromHex(readFileSync(join(root, name), 'utf8').trim());
}

function write(root: string, name: string, content: string): void {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode: 0o400 });
  if (process.getuid?.() === 0) chownSync(file, READER.uid, READER.gid);
}
