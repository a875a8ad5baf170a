import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseHex } from '../kernel/bytes.ts';
import { LOG_LEVELS } from './log.ts';

/** Keys that all services share; they carry no app's prefix. */
const SHARED = {
  NATS_URL: z.string().default('nats://127.0.0.1:4222').describe('NATS server, or several separated by commas'),
  MONGODB_URI: z.string().default('mongodb://127.0.0.1:27017').describe('MongoDB replica set'),
  ASSAY_NETWORK_ID: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'expected 1 to 64 of a-z, 0-9 and -')
    .default('assay-test')
    .describe('name of this deployment, part of every signature'),
  ASSAY_LISTEN_HOST: z.string().min(1).default('0.0.0.0').describe('address that the service listens on'),
  ASSAY_GRPC_REFLECTION: boolean().optional().describe('gRPC reflection; on in development, else off'),
  NODE_ENV: z.enum(['production', 'development', 'test']).default('production').describe('production is strict'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info').describe('lowest level that is logged'),
  TLS_CERT_FILE: z.string().optional().describe('certificate chain (PEM) of this service'),
  TLS_KEY_FILE: z.string().optional().describe('its private key (PEM)'),
  TLS_CA_FILE: z.string().optional().describe('authorities (PEM) whose certificates are accepted'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional().describe('base URL of an OTLP/HTTP collector; none: no export'),
  OTEL_TRACES_SAMPLER_ARG: ratio().default(1).describe('share of new traces that are recorded, 0 to 1'),
};

type Shape = Readonly<Record<string, z.ZodType>>;
type Loaded<S extends Shape> = { readonly [Key in keyof S]: z.output<S[Key]> };

export type SharedConfig = Loaded<typeof SHARED>;
export type ConfigOf<S extends Shape> = SharedConfig & Loaded<S>;

export interface ConfigDefinition<Config> {
  /** `POOL` for keys `POOL_…`. */
  readonly prefix: string;
  readonly shape: Shape;
  /**
   * The configuration in `env` (the process environment when left out); an empty value counts as unset.
   * @throws ConfigError with every fault and every unknown key of the own prefix
   */
  load(env?: NodeJS.ProcessEnv): Config;
}

/** A configuration that no service may start with. Messages name keys, never values: values may hold passwords. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/**
 * The configuration of one service: environment variable name → schema from text. A shared key in `shape` gets another
 * default there. Unknown keys that begin with the prefix stop the start (in Kubernetes turn `enableServiceLinks` off, which injects such keys).
 */
export function defineConfig<const S extends Shape>(prefix: string, shape: S): ConfigDefinition<ConfigOf<S>> {
  const bare = prefix.replace(/_$/, '');
  const schema = z.object({ ...SHARED, ...shape });
  return {
    prefix: bare,
    shape,
    load(env = process.env) {
      const values = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
      const parsed = schema.safeParse(values);
      const faults = parsed.error?.issues.map((issue) => faultOf(issue, values)) ?? [];
      faults.push(...halfTls(values), ...unknownKeys(bare, shape, values));
      if (parsed.success && faults.length === 0) return parsed.data as ConfigOf<S>;
      throw new ConfigError(faults);
    },
  };
}

/** A Markdown table `key | default | meaning` of the keys of a service, for its README. */
export function configTable(definition: ConfigDefinition<unknown>): string {
  const rows = Object.entries({ ...definition.shape, ...SHARED, ...definition.shape }).map(
    ([key, schema]) => `| \`${key}\` | ${defaultOf(schema)} | ${meaningOf(schema).replaceAll('|', '\\|')} |`,
  );
  return ['| key | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
}

const METRICS_ABOVE_GRPC = 1_000;

/**
 * Where a service shows metrics and plaintext health: 1000 above its gRPC port; 0 stays 0, any free port.
 * @throws ConfigError when there is no such port
 */
export function metricsPortOf(grpcPort: number): number {
  const port = grpcPort === 0 ? 0 : grpcPort + METRICS_ABOVE_GRPC;
  if (port > 65_535) throw new ConfigError([`gRPC port ${grpcPort}: metrics are 1000 above it, beyond 65535`]);
  return port;
}

/** An integer in decimal digits. */
export function integer(options: { readonly min: number; readonly max: number }): z.ZodType<number> {
  const expected = `expected an integer from ${options.min} to ${options.max}`;
  return z
    .string(expected)
    .regex(/^-?\d{1,16}$/, expected)
    .transform(Number)
    .refine((value) => value >= options.min && value <= options.max, expected);
}

/** As `integer`, for values beyond 2^53. */
export function bigInteger(options: { readonly min: bigint; readonly max: bigint }): z.ZodType<bigint> {
  const expected = `expected an integer from ${options.min} to ${options.max}`;
  return z
    .string(expected)
    .regex(/^-?\d{1,80}$/, { error: expected, abort: true })
    .transform(BigInt)
    .refine((value) => value >= options.min && value <= options.max, expected);
}

/** `true` or `false`. */
export function boolean(): z.ZodType<boolean> {
  return z.enum(['true', 'false'], 'expected true or false').transform((text) => text === 'true');
}

/** JSON text, or `@path` of a file with JSON. */
export function json<T>(schema: z.ZodType<T>): z.ZodType<T> {
  return z
    .string('expected JSON, or @ and the path of a file with JSON')
    .transform((text, context) => parseJson(text.startsWith('@') ? readText(text.slice(1), context) : text, context))
    .pipe(schema);
}

/** The path of a file that holds a secret in hex digits and an optional newline. */
export function secretHexFile(bytes: number): z.ZodType<Uint8Array> {
  return z.string(`expected the path of a file with ${2 * bytes} hex digits`).transform((path, context) => {
    if (parseHex(path, bytes).ok) return refuse(context, 'expected the path of a file, not the secret itself');
    const text = readText(path, context);
    if (text === undefined) return z.NEVER;
    const parsed = parseHex(text.replace(/\r?\n$/, ''), bytes);
    return parsed.ok ? parsed.value : refuse(context, `the file does not hold exactly ${2 * bytes} hex digits`);
  });
}

function ratio() {
  const expected = 'expected a number from 0 to 1';
  return z
    .string()
    .regex(/^\d(\.\d{1,9})?$/, expected)
    .transform(Number)
    .refine((value) => value <= 1, expected);
}

type Context = z.RefinementCtx;

/** The text of a file; undefined once the fault is noted. */
function readText(path: string, context: Context): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'fault';
    refuse(context, `cannot read the file ${path} (${code})`);
    return undefined;
  }
}

function parseJson(text: string | undefined, context: Context): unknown {
  if (text === undefined) return z.NEVER;
  try {
    return JSON.parse(text);
  } catch {
    return refuse(context, 'not JSON');
  }
}

/** Notes a fault; zod drops the value that is returned then. */
function refuse(context: Context, message: string) {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

function halfTls(values: NodeJS.ProcessEnv): string[] {
  const keys = ['TLS_CERT_FILE', 'TLS_KEY_FILE', 'TLS_CA_FILE'];
  const missing = keys.filter((key) => values[key] === undefined);
  return missing.length === keys.length ? [] : missing.map((key) => `${key}: needed, as TLS is half set`);
}

function faultOf(issue: z.core.$ZodIssue, values: NodeJS.ProcessEnv): string {
  const [key = '', ...inside] = issue.path.map(String);
  if (values[key] === undefined)
    return `${key}: is required${issue.message.startsWith('Invalid') ? '' : `; ${issue.message}`}`;
  return `${[key, ...inside].join('.')}: ${issue.message}`;
}

function unknownKeys(prefix: string, shape: Shape, values: NodeJS.ProcessEnv): string[] {
  const known = Object.keys(shape);
  return Object.keys(values)
    .filter((key) => key.startsWith(`${prefix}_`) && !known.includes(key))
    .map((key) => {
      const nearest = nearestOf(key, known);
      return `${key}: unknown key${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
    });
}

function nearestOf(key: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, distance: distanceOf(key, candidate) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= key.length / 3 ? best.candidate : undefined;
}

/** Levenshtein. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

interface Wrapping {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly defaultValue?: unknown;
}

function meaningOf(schema: z.ZodType): string {
  const inner = (schema.def as Wrapping).innerType;
  return schema.description ?? (inner ? meaningOf(inner) : '');
}

function defaultOf(schema: z.ZodType): string {
  const definition = schema.def as Wrapping;
  // `prefault` is a default in the text form, `default` one in the final form.
  if (definition.type === 'default' || definition.type === 'prefault') return `\`${textOf(definition.defaultValue)}\``;
  if (definition.type === 'optional') return 'none';
  return definition.innerType ? defaultOf(definition.innerType) : 'required';
}

function textOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'bigint') return String(value);
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
}
