import { CHECK_STEPS, type CheckStep } from './steps.ts';

export interface CheckCount {
  readonly passed: number;
  /** The failed steps by name, with what mends each. */
  readonly failures: readonly string[];
}

/** Runs all steps, two at a time, printing one line each and what a failed one said. */
export async function runCheck(): Promise<CheckCount> {
  const waiting = [...CHECK_STEPS];
  const failures: string[] = [];
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      if (!(await runStep(step))) failures.push(`check, ${step.name}: ${step.remedy}`);
    }
  };
  await Promise.all([worker(), worker()]);
  return { passed: CHECK_STEPS.length - failures.length, failures };
}

async function runStep(step: CheckStep): Promise<boolean> {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  try {
    await step.run();
    console.log(`✓ ${step.name} (${seconds()})`);
    return true;
  } catch (error) {
    console.log(`✗ ${step.name} (${seconds()}): ${step.remedy}`);
    console.log(error instanceof Error ? error.message : String(error));
    return false;
  }
}
