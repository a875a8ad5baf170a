import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '@assay/testkit/find-server';
import { definitionOf } from '../config-tables/definition.ts';
import { makeKeys } from './make-keys.ts';

const APPS = ['signatory', 'mint', 'auditor', 'pool'];
const SECRETS = '/run/assay';
const DEPLOY = join(ROOT, 'deploy/compose');

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
    }),
  ),
});
const scrapeSchema = z.object({
  scrape_configs: z.array(
    z.object({ job_name: z.string(), static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
  ),
});
const dashboardSchema = z.object({
  title: z.string(),
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
});

const { services } = composeSchema.parse(parse(textOf('compose.yaml'), { merge: true }));
const dashboard = dashboardSchema.parse(JSON.parse(textOf('deploy/compose/grafana/dashboards/share-to-ecash.json')));

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function serviceNamed(name: string) {
  return services[name] ?? expect.fail(`compose.yaml has no service ${name}`);
}

/** Of the port that the container's own health check asks. */
function healthPortOf(app: string): string | undefined {
  return serviceNamed(app).healthcheck?.test.at(-1);
}

describe('the compose deployment', () => {
  let keys: string;
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), 'assay-compose-'));
    makeKeys(keys);
  });
  afterAll(() => rmSync(keys, { recursive: true, force: true }));

  test.each(APPS)('gives %s a configuration that it starts with, on addresses that the others reach', async (app) => {
    const { environment } = serviceNamed(app);
    const moved = Object.entries(environment).map(([key, value]) => [key, value.replaceAll(SECRETS, keys)]);
    const definition = await definitionOf(app);
    expect(definition.load(Object.fromEntries(moved))).toMatchObject({ ASSAY_LISTEN_HOST: '0.0.0.0' });
  });

  test.each(APPS)('mounts for %s its own secrets and nobody else’s', (app) => {
    const mounted = serviceNamed(app).volumes.map((volume) => volume.split(':')[0]);
    expect(mounted.filter((volume) => volume !== 'public')).toEqual([`${app}-secrets`]);
  });

  test('keeps secrets that were made before', () => {
    const before = readFileSync(join(keys, 'pool/key'), 'utf8');
    makeKeys(keys);
    expect(readFileSync(join(keys, 'pool/key'), 'utf8')).toBe(before);
  });

  test('scrapes each service where its health is asked', () => {
    const scraped = scrapeSchema.parse(parse(textOf('deploy/compose/prometheus/prometheus.yml')));
    const targets = scraped.scrape_configs.flatMap(({ static_configs: configs }) =>
      configs.flatMap((one) => one.targets),
    );
    expect(targets.sort()).toEqual(APPS.map((app) => `${app}:${healthPortOf(app)}`).sort());
  });
});

describe('the dashboard', () => {
  const declared = new Set(sourceTexts().flatMap((text) => text.match(/(?<=')assay_[a-z0-9_]+(?=')/g) ?? []));

  test.each(dashboard.panels)('shows under "$title" metrics that services have', ({ targets }) => {
    const shown = targets.flatMap(({ expr }) => expr.match(/assay_[a-z0-9_]+/g) ?? []);
    expect(shown.length).toBeGreaterThanOrEqual(targets.length);
    expect(shown.map((name) => name.replace(/_bucket$/, '')).filter((name) => !declared.has(name))).toEqual([]);
  });

  test('is found by Grafana', () => {
    for (const file of ['datasources/datasources.yaml', 'dashboards/dashboards.yaml']) {
      expect(parse(readFileSync(join(DEPLOY, 'grafana/provisioning', file), 'utf8'))).toHaveProperty('apiVersion', 1);
    }
  });
});

function sourceTexts(): string[] {
  return ['apps', 'libs/shared/src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('node_modules'))
      .map((file) => textOf(join(folder, file))),
  );
}
