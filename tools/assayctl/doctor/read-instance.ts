import { parseMetrics, type Sample } from '../../stack/metrics.ts';
import { skewOf } from './clock-skew.ts';
import { faultText } from './finding.ts';
import type { Instance } from './instances.ts';

/** What an instance says over HTTP, or why it said nothing. */
export type Reading =
  | {
      /** The answer of /readyz, JSON. */
      readonly ready: string;
      /** Its clock less ours, ms; exact to a second. */
      readonly skewMs: number;
      readonly samples: readonly Sample[];
    }
  | { readonly fault: string };

export async function readInstance({ metrics }: Instance, withinMs: number): Promise<Reading> {
  if (metrics === undefined) return { fault: 'the address has no port' };
  const get = (path: string) => fetch(`http://${metrics}${path}`, { signal: AbortSignal.timeout(withinMs) });
  try {
    const askedAt = Date.now();
    const ready = await get('/readyz');
    const answeredAt = Date.now();
    const samples = parseMetrics(await (await get('/metrics')).text());
    const skewMs = skewOf(ready.headers.get('date'), askedAt, answeredAt);
    return { ready: await ready.text(), skewMs, samples };
  } catch (error) {
    return { fault: faultText(error) };
  }
}
