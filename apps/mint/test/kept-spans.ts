import { createLogger } from '@assay/shared/runtime/log';
import { startTracing } from '@assay/shared/runtime/tracing';

type Exporter = NonNullable<Parameters<typeof startTracing>[0]['exporter']>;
export type KeptSpan = Parameters<Exporter['export']>[0][number];

/** Traces everything from here on; the spans are complete after `stop`. */
export function keptSpans(): { readonly spans: readonly KeptSpan[]; stop(): Promise<void> } {
  const spans: KeptSpan[] = [];
  const exporter: Exporter = {
    export: (ended, done) => {
      spans.push(...ended);
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const log = createLogger({ service: 'mint', instance: 'mint-1', level: 'silent' });
  const tracing = startTracing({ service: 'mint', instance: 'mint-1', ratio: 1, log, exporter });
  return { spans, stop: () => tracing.stop() };
}

/** Every span that ends while `run` runs. */
export async function spansOf(run: () => Promise<unknown>): Promise<readonly KeptSpan[]> {
  const { spans, stop } = keptSpans();
  await run();
  await stop();
  return spans;
}
