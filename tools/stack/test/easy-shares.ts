import { startStratumLoad, type StratumLoad } from '../../load/stratum-load.ts';
import { portOf } from '../port-plan.ts';
import type { Stack } from '../stack.ts';

/** Nearly every hash meets a target of difficulty 2^-32: load needs no searching, and at credit shift 0 a share is one ehash. */
const EASIEST = String(2 ** -32);

/** Settings of a stack on which shares cost nothing. */
export const EASY_SHARES = {
  creditShift: 0,
  overrides: {
    pool: {
      POOL_DIFFICULTY_MIN_LOG2: '-32',
      POOL_DIFFICULTY_START_LOG2: '-32',
      POOL_DIFFICULTY_MAX_LOG2: '12',
      POOL_BATCH_ORPHAN_MS: '1000',
      POOL_LIMIT_MESSAGES_PER_S: '10000',
      POOL_LIMIT_MESSAGES_BURST: '10000',
      POOL_LIMIT_NEW_PER_ADDRESS_S: '1000',
    },
    mint: { MINT_RATE_PER_IP_MIN: '0' },
  },
} as const;

/** Open-loop load on one pool instance, all on the wallet's key. */
export function startEasyLoad(
  stack: Stack,
  options: Pick<Parameters<typeof startStratumLoad>[0], 'answered' | 'ratePerSecond' | 'ntime'> & {
    readonly replica?: number;
    readonly connections?: number;
  },
): StratumLoad {
  const { replica = 0, connections = 4, ...rest } = options;
  return startStratumLoad({
    ...rest,
    host: '127.0.0.1',
    port: portOf(stack.options, 'stratum', replica),
    usernames: Array.from({ length: connections }, (_, index) => `${stack.identity.wallet.locking}.rig${index}`),
    password: `d=${EASIEST},min=${EASIEST},max=${EASIEST}`,
    inFlight: 1,
  });
}
