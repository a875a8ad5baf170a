import { defineConfig, integer } from '@assay/shared/runtime/config';
import { runService } from '@assay/shared/runtime/service';
import { StartError } from '@assay/shared/runtime/start-error';
import { z } from 'zod';

// A service that does what FIXTURE_MODE says; `service.int.test.ts` runs it as a process.
const config = defineConfig('FIXTURE', {
  FIXTURE_GRPC_PORT: integer({ min: 0, max: 65_535 }).default(0),
  FIXTURE_MODE: z.enum(['run', 'hang', 'no-start', 'throw', 'fail', 'stop']).default('run'),
});

await runService({
  name: 'fixture',
  config,
  grpcPort: ({ FIXTURE_GRPC_PORT: port }) => port,
  start: async (context, { FIXTURE_MODE: mode }) => {
    context.readiness('furnace', () => true);
    context.onStop('database', 'database', () => undefined);
    context.onStop('edge', 'edge', () => (mode === 'hang' ? new Promise(() => undefined) : undefined));
    if (mode === 'no-start')
      throw new StartError({ what: 'the furnace is cold', why: 'no coal', remedy: 'bring coal' });
    if (mode === 'stop') {
      context.log.info('starting');
      await new Promise((resolve) => context.onStop('edge', 'start', () => resolve(undefined)));
      throw new Error('the database is closed');
    }
    if (mode === 'throw') setImmediate(() => void Promise.reject(new Error('thrown by nobody')));
    if (mode === 'fail') setImmediate(() => context.failed(new Error('the furnace broke')));
  },
});
