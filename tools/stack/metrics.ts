/** One sample of a Prometheus text page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Samples of an exposition page (text format 0.0.4); comments and blank lines are left out. */
export function parseMetrics(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (match === null) return [];
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((label) => [label[1] ?? '', label[2] ?? '']);
    return [{ name: match[1] ?? '', labels: Object.fromEntries(labels), value: Number(match[3]) }];
  });
}

/** Sum of a metric over all samples whose labels have the given values. */
export function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels);
  return samples
    .filter((sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, sample) => sum + sample.value, 0);
}

/** The metrics of all given ports together; a port that does not answer counts as nothing. */
export async function scrape(ports: readonly number[]): Promise<Sample[]> {
  const pages = await Promise.all(ports.map(scrapeOne));
  return pages.flatMap(parseMetrics);
}

async function scrapeOne(port: number): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(2_000) });
    return await response.text();
  } catch {
    return '';
  }
}
