import { z } from 'zod';

/** How a part of a suite ended. */
export interface PartResult {
  readonly part: string;
  readonly passed: number;
  readonly failed: number;
}

/** The last `test result:` line of `cargo test`; nothing ran where there is none. */
export function cargoResult(part: string, output: string): PartResult {
  const last = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)].at(-1);
  return { part, passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) };
}

const vitestReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });

/** The JSON report of vitest. */
export function vitestResult(part: string, json: string): PartResult {
  const { numPassedTests, numFailedTests } = vitestReport.parse(JSON.parse(json));
  return { part, passed: numPassedTests, failed: numFailedTests };
}

/** Why a run does not count as good; empty when it does. An empty filter runs nothing and so is a fault. */
export function faultsOf(results: readonly PartResult[], expected: Readonly<Record<string, number>>): string[] {
  return Object.entries(expected).flatMap(([part, tests]) => {
    const { passed, failed } = results.find((result) => result.part === part) ?? { passed: 0, failed: 0 };
    const faults = failed > 0 ? [`${part}: ${failed} failed`] : [];
    return passed + failed === tests ? faults : [...faults, `${part}: ${passed + failed} ran, ${tests} must`];
  });
}
