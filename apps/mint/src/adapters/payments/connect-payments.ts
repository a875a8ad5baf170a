import { ensureCollections } from '@assay/shared/runtime/mongo';
import type { ServiceContext } from '@assay/shared/runtime/service';
import { StartError } from '@assay/shared/runtime/start-error';
import type { Db } from 'mongodb';
import type { PaymentBackend } from '../../payment-ports.ts';
import { lightningIsFake } from '../../telemetry.ts';
import { FAKE_INCOMING, FAKE_OUTGOING, fakeLedger } from './fake-ledger.ts';
import { fakeLightning } from './fake-lightning.ts';

export interface PaymentOptions {
  readonly backend: 'none' | 'fake';
  readonly payDelayMs: number;
  readonly isProduction: boolean;
}

const SAY_EVERY_MS = 60_000;

/**
 * The configured payment backend, or undefined for none.
 * @throws StartError for one that creates money, in production
 */
export async function connectPayments(
  context: ServiceContext,
  db: Db,
  { backend, payDelayMs, isProduction }: PaymentOptions,
): Promise<PaymentBackend | undefined> {
  if (backend === 'none') return undefined;
  if (isProduction) throw fakeInProduction();
  await ensureCollections(db, [FAKE_INCOMING, FAKE_OUTGOING]);
  const warn = () => context.log.warn('FAKE LIGHTNING: requests pay themselves, this ecash has no value');
  warn();
  context.every('fake lightning', SAY_EVERY_MS, warn);
  lightningIsFake();
  return fakeLightning({ ledger: fakeLedger(db), clock: context.clock, payDelayMs });
}

function fakeInProduction(): StartError {
  return new StartError({
    what: 'the payment backend cannot be used',
    why: 'MINT_BOLT11_BACKEND is fake: it issues ecash that nobody paid for, and NODE_ENV is production',
    remedy: 'set MINT_BOLT11_BACKEND=none, or NODE_ENV=development or test where nothing is of value',
  });
}
