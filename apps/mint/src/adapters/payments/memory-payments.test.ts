import { systemClock } from '@assay/shared/runtime/clock';
import { memoryPayments, payIncoming, paymentStore } from '../../../test/memory-payments.ts';
import { paymentsContract } from '../../../test/payments-contract.ts';

paymentsContract(async () => {
  const store = paymentStore();
  const open = () => memoryPayments(store, systemClock);
  return { backends: [open(), open()], pay: (lookupId) => payIncoming(store, lookupId) };
});
