import { StartError } from '@assay/shared/runtime/start-error';
import type { DepositCredits } from '../../payment-ports.ts';

/**
 * Whoever credits deposits, or undefined where no asset takes them: then the method is not offered.
 * @throws StartError for an asset, as long as no service credits deposits
 */
export function connectDeposits(assets: Readonly<Record<string, string>>): DepositCredits | undefined {
  if (Object.keys(assets).length === 0) return undefined;
  throw new StartError({
    what: 'melts of method deposit cannot be offered',
    why: 'MINT_DEPOSIT_ASSETS names assets, and there is no service yet that credits deposits',
    remedy: 'leave MINT_DEPOSIT_ASSETS away',
  });
}
