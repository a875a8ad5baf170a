import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from '@assay/testkit/find-server';

const SKIPPED_MAX = 3;

const suite = z.strictObject({
  source: z.url(),
  version: z.string(),
  commit: z.string(),
  /** Part of the suite → how many tests of it must have run; what is skipped is not counted. */
  tests: z.record(z.string(), z.int().positive()),
  /** The NUT-20 message that these wallets sign. */
  nut20: z.enum(['v1', 'legacy']),
  skipped: z
    .array(z.strictObject({ part: z.string(), test: z.string(), reason: z.string().min(1), link: z.url() }))
    .max(SKIPPED_MAX),
});

export type ForeignSuite = z.infer<typeof suite>;

const suites = z.strictObject({ 'cashu-ts': suite, cdk: suite, nutshell: suite });

/** What is run of others, at which version, and what of it is not run and why. */
export function foreignSuite(name: keyof z.infer<typeof suites>): ForeignSuite {
  return suites.parse(JSON.parse(readFileSync(join(ROOT, 'tools/foreign/suites.json'), 'utf8')))[name];
}
