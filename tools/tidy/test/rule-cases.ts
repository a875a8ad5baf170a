/** A tree that a rule refuses, and the same tree mended: path → text. */
export interface RuleCase {
  readonly rule: string;
  readonly bad: Readonly<Record<string, string>>;
  readonly good: Readonly<Record<string, string>>;
}

const lines = (count: number, line = 'x();') => `${line}\n`.repeat(count);
const README_TITLES = ['Purpose', 'Owns', 'Trusts / trusted by', 'Fails how', 'Run', 'Config'];
const manifest = (asked: object) => JSON.stringify({ name: '@assay/demo', ...asked });
const readme = (titles: readonly string[]) => ['# demo', ...titles.map((title) => `## ${title}`)].join('\n');

const DOMAIN = 'apps/demo/src/domain/quote.ts';
const FLOW = 'apps/demo/src/flows/issue.ts';
const ADAPTER = 'apps/demo/src/adapters/mongo/quotes.ts';
const MAIN = 'apps/demo/src/main.ts';
const CONFIG = 'apps/demo/src/config.ts';
const TEST = 'apps/demo/src/domain/quote.test.ts';
const KERNEL = 'libs/shared/src/kernel/money.ts';

const one = (rule: string, path: string, bad: string, good: string, goodPath = path): RuleCase => ({
  rule,
  bad: { [path]: bad },
  good: { [goodPath]: good },
});

export const SIZE_AND_NAME_CASES: readonly RuleCase[] = [
  one('file-length', DOMAIN, lines(301), lines(300)),
  one('file-length', TEST, lines(401), lines(400)),
  one('file-length', MAIN, lines(61), lines(60)),
  one('function-length', DOMAIN, `const f = () => {\n${lines(59)}};`, `const f = () => {\n${lines(58)}};`),
  one(
    'function-length',
    TEST,
    `test('x', () => {\n${lines(59)}});`,
    `describe('x', () => {\ntest('y');\n${lines(59)}});`,
  ),
  one('file-name', 'apps/demo/src/domain/utils.ts', '', '', 'apps/demo/src/domain/quote.ts'),
  one('file-name', 'apps/demo/src/helpers/quote.ts', '', '', 'apps/demo/src/flows/quote.ts'),
  one('file-name', 'libs/demo/src/index.ts', '', '', 'libs/demo/src/quote-book.ts'),
  one('file-name', 'apps/demo/src/domain/quoteBook.ts', '', '', 'apps/demo/src/domain/quote-book.int.test.ts'),
  one('file-name', 'apps/demo/test/blocks.Node.int.test.ts', '', '', 'apps/demo/test/blocks.bitcoind.int.test.ts'),
  one('synonym', DOMAIN, 'const openInvoices = 1;', 'const openQuotes = 1; const bolt11Invoice = 2;'),
  one('synonym', DOMAIN, 'const workUnits = 1;', 'const work = 1; const units = 2;'),
  one('synonym', 'apps/demo/src/domain/epoch.ts', '', '', 'apps/demo/src/domain/round.ts'),
];

export const EXPRESSION_CASES: readonly RuleCase[] = [
  one('default-export', DOMAIN, 'export default function f() {}', 'export function f() {}'),
  one('default-export', DOMAIN, 'export default 1;', 'export default 1;', 'demo.config.ts'),
  one('console', DOMAIN, `console.log('x');`, `console.log('x');`, 'tools/demo/main.ts'),
  one('as-unknown-as', DOMAIN, 'f(x as unknown as Quote);', 'f(x as Quote); f(y as unknown);'),
  one('non-null', DOMAIN, 'f(map.get(1)!);', 'if (!x) f(a !== b);'),
  one('any', DOMAIN, 'function f(x: any) {}', `function f(x: unknown) { return 'any'; }`),
  one('environment', FLOW, `const x = process.env['A'];`, `const x = process.env['A'];`, CONFIG),
  one(
    'environment',
    'tools/demo/main.ts',
    `f(process.env['A']);`,
    `spawn(p, { env: { ...process.env, PATH: process.env['PATH'] } });`,
  ),
  one(
    'subject-literal',
    FLOW,
    `publish('assay.v1.evt.pool.batch.accepted');`,
    `publish(CATALOGUE['pool.batch.accepted'].subject);`,
  ),
  one('subject-literal', FLOW, 'publish(`assay.v1.dlq.${app}`);', 'const p = `assay.pool.v1.${name}`;'),
  one('float-in-domain', DOMAIN, 'const x = Number(text);', 'const x = BigInt(text); const y = Number.isInteger(z);'),
  one(
    'float-in-domain',
    DOMAIN,
    'const x = parseFloat(text);',
    'const x = parseFloat(text);',
    'apps/demo/src/domain/statistics/rate.ts',
  ),
  one('note-to-self', DOMAIN, '// TODO: later', `const TODO = 1; // done`),
  one('note-to-self', DOMAIN, 'f(/* FIXME */ 1);', `f('FIXME');`),
  one('only', TEST, `test.only('x', f);`, `test('only', f);`),
  one('only', TEST, `describe.each([1]).only('x', f);`, `describe.each([1])('x', f);`),
  one('skip-without-reason', TEST, `test.skip('x', f);`, `test('x', (context) => context.skip('no IPv6 here'));`),
  one('skip-without-reason', TEST, `describe.skipIf(slow)('x', f);`, `describe('x', f);`),
  one('skip-without-reason', TEST, `test('x', (context) => context.skip());`, `test('x', () => cursor.skip(1));`),
];

export const DEPENDENCY_CASES: readonly RuleCase[] = [
  one(
    'domain-imports',
    DOMAIN,
    `import { hash } from 'node:crypto';`,
    `import { sha256 } from '@assay/shared/kernel/hash';`,
  ),
  one('domain-imports', DOMAIN, `import { Quote } from '@assay/proto/gen/q';`, `import { f } from './other.ts';`),
  one(
    'domain-imports',
    DOMAIN,
    `import type { Quotes } from '../ports.ts';`,
    `import s from 'secp256k1';`,
    'apps/signatory/src/domain/a.ts',
  ),
  one('flow-imports', FLOW, `import { Db } from 'mongodb';`, `import { Quotes } from '../ports.ts';`),
  one('flow-imports', FLOW, `import { f } from '../adapters/mongo/quotes.ts';`, `import { f } from '../telemetry.ts';`),
  one(
    'flow-imports',
    FLOW,
    `import { f } from '@assay/shared/runtime/mongo';`,
    `import { inSpan } from '@assay/shared/runtime/telemetry';`,
  ),
  one(
    'telemetry-imports',
    'apps/demo/src/telemetry.ts',
    `import { f } from './flows/issue.ts';`,
    `import { c } from '@assay/shared/runtime/metrics';`,
  ),
  one('adapter-imports', ADAPTER, `import { f } from '../grpc/wire.ts';`, `import { f } from './schema.ts';`),
  one(
    'adapter-construction',
    CONFIG,
    `import { f } from './adapters/mongo/quotes.ts';`,
    `import type { F } from './adapters/mongo/quotes.ts';`,
  ),
  one(
    'adapter-construction',
    FLOW,
    `import { f } from '../adapters/mongo/quotes.ts';`,
    `import { f } from './adapters/mongo/quotes.ts';`,
    MAIN,
  ),
  one(
    'generated-types',
    FLOW,
    `import type { Quote } from '@assay/proto/gen/q';`,
    `import type { Quote } from '@assay/proto/gen/q';`,
    ADAPTER,
  ),
  one(
    'app-imports',
    FLOW,
    `import { f } from '../../../mint/src/domain/quote.ts';`,
    `import { f } from '../domain/quote.ts';`,
  ),
  one(
    'app-imports',
    'apps/auditor/src/flows/a.ts',
    `import { f } from '@assay/pool/domain/share';`,
    `import { f } from '@assay/shared/kernel/hash';`,
  ),
  one(
    'app-imports',
    'tools/demo/main.ts',
    `import { f } from '../../apps/signatory/src/config.ts';`,
    `import { f } from '../../apps/pool/src/config.ts';`,
  ),
  one(
    'testkit-imports',
    FLOW,
    `import { FakeClock } from '@assay/testkit/fake-clock';`,
    `import { FakeClock } from '@assay/testkit/fake-clock';`,
    TEST,
  ),
  one(
    'kernel-imports',
    KERNEL,
    `import { f } from '../runtime/mongo.ts';`,
    `import { f } from './assert.ts'; import { hash } from 'node:crypto';`,
  ),
  one('kernel-imports', KERNEL, `import { z } from 'zod';`, `import { schnorr } from '@noble/curves/secp256k1.js';`),
  one(
    'package-door',
    FLOW,
    `import { f } from '../../../../libs/shared/src/kernel/hash.ts';`,
    `import { f } from '@assay/shared/kernel/hash';`,
  ),
  one('purity', DOMAIN, 'const now = Date.now();', 'const now = clock.now(); const day = new Date(now);'),
  one('purity', FLOW, 'const day = new Date();', 'const day = new Date();', ADAPTER),
  one('purity', FLOW, 'setTimeout(f, 5);', 'setTimeout(f, 5);', MAIN),
];

const importing = (names: string, from: string) => `import { ${names} } from '${from}';`;

export const WHOLE_TREE_CASES: readonly RuleCase[] = [
  {
    rule: 'unused-file',
    bad: { [MAIN]: '', [DOMAIN]: 'export const a = 1;' },
    good: { [MAIN]: importing('a', './domain/quote.ts'), [DOMAIN]: 'export const a = 1;' },
  },
  {
    rule: 'unused-file',
    bad: { [FLOW]: importing('a', '../domain/quote.ts'), [DOMAIN]: importing('b', '../flows/issue.ts') },
    good: { 'package.json': `"start": "node ${FLOW}"`, [FLOW]: `new URL('../domain/quote.ts', here);`, [DOMAIN]: '' },
  },
  {
    rule: 'unused-export',
    bad: { [DOMAIN]: 'export function f() {}\nf();', [TEST]: importing('f', './quote.ts') },
    good: { [DOMAIN]: 'export function f() {}', [FLOW]: importing('f as g', '../domain/quote.ts') },
  },
  {
    rule: 'unused-export',
    bad: { [KERNEL]: 'export type A = 1;', 'libs/shared/src/kernel/money.test.ts': importing('A', './money.ts') },
    good: {
      [KERNEL]: 'export type A = 1;\nexport const a: A = 1;',
      [FLOW]: importing('a', '@assay/shared/kernel/money'),
    },
  },
  {
    rule: 'unread-key',
    bad: {
      [CONFIG]: `defineConfig('DEMO', { DEMO_PORT: integer(), DEMO_OLD: boolean() });`,
      [MAIN]: 'f(config.DEMO_PORT);',
    },
    good: {
      [CONFIG]: `defineConfig('DEMO', { DEMO_PORT: integer() });`,
      [MAIN]: 'const { DEMO_PORT: port } = config;',
    },
  },
  {
    rule: 'undocumented-key',
    bad: { [CONFIG]: `defineConfig('DEMO', { DEMO_PORT: integer() });`, 'apps/demo/README.md': 'DEMO_PORT is a key' },
    good: { [CONFIG]: `defineConfig('DEMO', { DEMO_PORT: integer() });`, 'apps/demo/README.md': '| `DEMO_PORT` | 1 |' },
  },
  {
    rule: 'readme-section',
    bad: { [MAIN]: '', 'apps/demo/README.md': readme(README_TITLES.filter((title) => title !== 'Fails how')) },
    good: { [MAIN]: '', 'apps/demo/README.md': readme(README_TITLES) },
  },
  {
    rule: 'readme-section',
    bad: { [MAIN]: '', 'apps/demo/README.md': readme([...README_TITLES].reverse()) },
    good: { 'tools/demo/main.ts': '' },
  },
  {
    rule: 'package-reason',
    bad: { 'apps/demo/package.json': manifest({ dependencies: { zod: '1' } }), 'CONTRIBUTING.md': 'zod is fine' },
    good: {
      'apps/demo/package.json': manifest({ dependencies: { zod: '1', '@otel/api': '1', '@assay/shared': '1' } }),
      'CONTRIBUTING.md': '| package | why |\n|---|---|\n| `zod`, `@otel/*` | schemas; spans |',
    },
  },
  {
    rule: 'unused-package',
    bad: { 'apps/demo/package.json': manifest({ dependencies: { zod: '1' } }), [FLOW]: importing('z', 'zod-mini') },
    good: { 'apps/demo/package.json': manifest({ dependencies: { zod: '1' } }), [FLOW]: importing('z', 'zod/v4') },
  },
  {
    rule: 'undeclared-package',
    bad: {
      'package.json': manifest({ devDependencies: { zod: '1' } }),
      'apps/demo/package.json': manifest({ devDependencies: { zod: '1' } }),
      [FLOW]: importing('z', 'zod'),
    },
    good: {
      'package.json': manifest({ devDependencies: { vitest: '1' } }),
      'apps/demo/package.json': manifest({ dependencies: { zod: '1' } }),
      [FLOW]: importing('z', 'zod'),
      [TEST]: importing('test', 'vitest'),
    },
  },
];
