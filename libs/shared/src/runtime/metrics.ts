import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { assert } from '../kernel/assert.ts';

/** Label → its closed set of values, or `open` for names that only the deployment knows (at most 200 are kept). */
type Labels = Readonly<Record<string, readonly string[] | 'open'>>;
type LabelValues<L extends Labels> = {
  readonly [K in keyof L]: L[K] extends readonly string[] ? L[K][number] : string;
};

const SERIES_MAX = 2_000;
const OPEN_VALUES_MAX = 200;
const OTHER = 'other';

const registry = new Registry();
collectDefaultMetrics({ register: registry, prefix: 'assay_' });

/** All metrics in Prometheus text format. */
export async function metricsText(): Promise<{ readonly contentType: string; readonly text: string }> {
  return { contentType: registry.contentType, text: await registry.metrics() };
}

interface CounterOf<L extends Labels> {
  add(labels: LabelValues<L>, by?: number): void;
}

interface GaugeOf<L extends Labels> {
  set(labels: LabelValues<L>, value: number): void;
}

interface HistogramOf<L extends Labels> {
  observe(labels: LabelValues<L>, seconds: number): void;
}

/**
 * Counts up. Every series of closed labels exists from the start with 0.
 * @param name `assay_<area>_<noun>_total`
 */
export function counter<const L extends Labels>(name: string, help: string, labels: L): CounterOf<L> {
  assert(name.endsWith('_total'), `a counter ends in _total: ${name}`);
  const check = register(name, help, labels);
  const metric = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  for (const values of closedSeries(labels)) metric.inc(values, 0);
  return { add: (values, by = 1) => metric.inc(check(values), by) };
}

/**
 * Goes up and down. Every series of closed labels exists from the start with 0.
 * @param name `assay_<area>_<noun>_<unit>`
 */
export function gauge<const L extends Labels>(name: string, help: string, labels: L): GaugeOf<L> {
  assert(!name.endsWith('_total'), `only a counter ends in _total: ${name}`);
  const check = register(name, help, labels);
  const metric = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] });
  for (const values of closedSeries(labels)) metric.set(values, 0);
  return { set: (values, value) => metric.set(check(values), value) };
}

/**
 * Distribution of a measure, mostly seconds.
 * @param buckets upper bounds, ascending
 */
export function histogram<const L extends Labels>(
  name: string,
  help: string,
  labels: L,
  buckets: readonly number[],
): HistogramOf<L> {
  assert(!name.endsWith('_total'), `only a counter ends in _total: ${name}`);
  const ascending = buckets.every((bound, index) => index === 0 || bound > (buckets[index - 1] ?? bound));
  assert(buckets.length > 0 && ascending, `buckets of ${name} are not ascending`);
  const check = register(name, help, labels);
  const options = { name, help, labelNames: Object.keys(labels), buckets: [...buckets], registers: [registry] };
  const metric = new Histogram(options);
  for (const values of closedSeries(labels)) metric.zero(values);
  return { observe: (values, measure) => metric.observe(check(values), measure) };
}

function register<L extends Labels>(name: string, help: string, labels: L) {
  assert(/^assay_[a-z0-9]+(_[a-z0-9]+)+$/.test(name), `not a metric name of ours: ${name}`);
  assert(help !== '', `${name} has no help`);
  for (const [label, values] of Object.entries(labels)) checkLabel(name, label, values);
  assert(closedSeries(labels).length <= SERIES_MAX, `${name} has more than ${SERIES_MAX} series`);
  const seen = new Map(Object.keys(labels).map((label) => [label, new Set<string>()]));
  return (values: LabelValues<L>): Record<string, string> => {
    const checked: Record<string, string> = {};
    for (const [label, closed] of Object.entries(labels)) {
      checked[label] =
        closed === 'open' ? openValue(seen.get(label), values[label]) : closedValue(closed, values[label]);
    }
    return checked;
  };

  function closedValue(closed: readonly string[], value: string | undefined): string {
    assert(value !== undefined && closed.includes(value), `${name} has no label value ${value}`);
    return value;
  }
}

function checkLabel(name: string, label: string, values: readonly string[] | 'open'): void {
  assert(/^[a-z][a-z0-9_]*$/.test(label), `${name} has a bad label name: ${label}`);
  const closed = values === 'open' || (values.length > 0 && new Set(values).size === values.length);
  assert(closed, `${name}: the values of ${label} are empty or repeated`);
}

function openValue(seen: Set<string> | undefined, value: string | undefined): string {
  assert(seen !== undefined && value !== undefined, 'a label value is missing');
  if (!seen.has(value) && seen.size >= OPEN_VALUES_MAX) return OTHER;
  seen.add(value);
  return value;
}

/** Every combination of label values, or none when a label is open. */
function closedSeries(labels: Labels): Record<string, string>[] {
  let series: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (values === 'open') return [];
    series = series.flatMap((combination) => values.map((value) => ({ ...combination, [label]: value })));
  }
  return series;
}
