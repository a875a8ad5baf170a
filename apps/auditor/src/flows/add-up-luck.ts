import type { Clock } from '@assay/shared/kernel/clock';
import { isSkewed } from '../domain/statistics/luck.ts';
import type { Breaches } from '../ports.ts';
import type { LuckBook } from '../upkeep-ports.ts';

const VERDICTS_A_STEP = 1_000;
const STEPS_MAX = 50;

/** Adds the luck of new verdicts to the sums of their keys and reports the skewed ones (02-auditor section 4.3). */
export async function addUpLuck({
  clock,
  luck,
  breaches,
}: {
  readonly clock: Clock;
  readonly luck: LuckBook;
  readonly breaches: Breaches;
}): Promise<void> {
  for (let stepNumber = 0; stepNumber < STEPS_MAX; stepNumber += 1) {
    const changed = await luck.addUp(VERDICTS_A_STEP);
    for (const { scope, luck: sums } of changed) {
      if (!isSkewed(sums)) continue;
      const expected = `about ${sums.shares * 2n ** 31n} over ${sums.shares} shares`;
      await breaches.open({ rule: 'LUCK_SKEW', scope, expected, found: `${sums.sum}` }, clock.now(), undefined);
    }
    if (changed.length === 0) return;
  }
}
