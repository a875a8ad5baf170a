import { describeBatchPort } from '../../test/batch-port.contract.ts';
import { memoryBatches } from '../../test/memory-batches.ts';

describeBatchPort('memory', async () => memoryBatches());
