import { StartError } from '@assay/shared/runtime/start-error';
import type { PoolSettings, SettingsPort } from '../../ports.ts';

/** @throws StartError when the database belongs to a pool of other settings */
export async function requireSettings(port: SettingsPort, settings: PoolSettings): Promise<void> {
  const fixed = await port.fix(settings);
  if (fixed.ok) return;
  const { stored } = fixed.error;
  throw new StartError({
    what: 'POOL_ID or POOL_CREDIT_SHIFT is not what this database began with',
    why: `it holds batches of ${stored.poolId} with credit shift ${stored.creditShift}, and their carries would change meaning`,
    remedy: 'set both as they were, or give this pool a database of its own',
  });
}
