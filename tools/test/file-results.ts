import { relative } from 'node:path';
import { z } from 'zod';

const MESSAGE_LINES = 12;

/** What vitest reports as JSON, as far as it is read. */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

type ReportedFile = z.infer<typeof report>['testResults'][number];

/** What became of the tests of one file. */
export interface FileResult {
  readonly passed: number;
  readonly skipped: number;
  /** One text a failure: where, what, and the first lines of why. */
  readonly failures: readonly string[];
}

export function fileResults(json: unknown, root: string): FileResult[] {
  return report.parse(json).testResults.map((reported) => fileResult(reported, root));
}

function fileResult(reported: ReportedFile, root: string): FileResult {
  const file = relative(root, reported.name);
  const count = (status: string) => reported.assertionResults.filter((test) => test.status === status).length;
  const passed = count('passed');
  const failures = failuresOf(file, reported);
  return { passed, skipped: reported.assertionResults.length - passed - count('failed'), failures };
}

/** A file whose hook or import failed has a failure although none of its tests has. */
function failuresOf(file: string, { status, message, assertionResults }: ReportedFile): string[] {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0 && status === 'failed') return [failureText(file, message)];
  return failed.map((test) => failureText(`${file}: ${test.fullName}`, test.failureMessages?.join('\n') ?? ''));
}

function failureText(what: string, why: string): string {
  const lines = why.split('\n').filter((line) => !line.includes('node_modules'));
  return [what, ...lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`)].join('\n');
}
