import { defineConfig } from 'vitest/config';

const NEVER = ['**/node_modules/**', '**/.assay/**'];
const INTEGRATION = '**/*.int.test.ts';
const SYSTEM = '**/*.system.test.ts';
// What a test waits for comes at once or, on a machine that is busy, late; only a defect makes it wait so long.
const PATIENCE = { poll: { timeout: 30_000, interval: 20 } };

// Three suites by cost: pure tests, one service against real servers, all services together (one file at a time).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{apps,libs}/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: [...NEVER, INTEGRATION, SYSTEM],
          testTimeout: 45_000,
          expect: PATIENCE,
        },
      },
      {
        test: {
          name: 'integration',
          include: [INTEGRATION],
          exclude: NEVER,
          globalSetup: ['libs/testkit/src/global-setup.ts'],
          testTimeout: 120_000,
          expect: PATIENCE,
          hookTimeout: 120_000,
          // Most of a test is waiting for servers.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'system',
          include: [SYSTEM],
          exclude: NEVER,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 300_000,
          expect: PATIENCE,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
