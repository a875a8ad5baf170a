import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { service as health } from 'grpc-health-check';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

const FIXTURE = new URL('./service-fixture.ts', import.meta.url).pathname;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Line {
  readonly msg: string;
  readonly level: string;
  readonly stage?: string;
  readonly port?: number;
}

function run(environment: Record<string, string>) {
  const child = spawn(process.execPath, [FIXTURE], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: Line[] = [];
  let errors = '';
  const waiting: { wanted: string; resolve: (line: Line) => void }[] = [];
  const output = createInterface({ input: child.stdout });
  output.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    for (const { wanted, resolve } of waiting) if (line.msg === wanted) resolve(line);
  });
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const said = (wanted: string) => new Promise<Line>((resolve) => waiting.push({ wanted, resolve }));
  const ended = Promise.all([once(child, 'close'), once(output, 'close')]).then(([[code]]) => ({
    code: code as number | null,
    lines,
    errors,
  }));
  return { child, said, ended };
}

/** The answer of `grpc.health.v1` on the same plaintext port. */
function grpcHealth(port: number | undefined): Promise<string | undefined> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { requestSerialize, responseDeserialize } = health['Check'] as MethodDefinition<object, { status: string }>;
  const request = { service: '' };
  const path = '/grpc.health.v1.Health/Check';
  return new Promise<string | undefined>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
      error ? reject(error) : resolve(answer?.status),
    );
  }).finally(() => client.close());
}

const stagesOf = (lines: readonly Line[]) => lines.filter(({ msg }) => msg === 'stopped').map(({ stage }) => stage);

describe('a running service', () => {
  test('answers probes and metrics, and drains on a signal inwards to exit 0', async () => {
    const { child, said, ended } = run({});
    const [{ port }] = await Promise.all([said('health and metrics are served'), said('started')]);
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, text: await response.text() };
    };
    expect(await get('/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect(await get('/readyz')).toEqual({
      status: 200,
      text: '{"ready":true,"probes":{"serving":true,"furnace":true}}\n',
    });
    expect((await get('/metrics')).text).toContain('assay_process_cpu_seconds_total');
    expect((await get('/etc/passwd')).status).toBe(404);
    await expect.poll(() => grpcHealth(port)).toBe('SERVING');
    child.kill('SIGTERM');
    const { code, lines } = await ended;
    expect(code).toBe(0);
    expect(stagesOf(lines)).toEqual(['not-serving', 'edge', 'work', 'database', 'telemetry']);
  });

  test('ends at once with the second signal', async () => {
    const { child, said, ended } = run({ FIXTURE_MODE: 'hang' });
    await said('started');
    child.kill('SIGINT');
    await said('draining; a second signal exits at once');
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
  });

  test('logs a fault that nobody caught and exits 1', async () => {
    const { code, lines } = await run({ FIXTURE_MODE: 'throw' }).ended;
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatchObject({ level: 'fatal', msg: 'uncaught fault', err: { message: 'thrown by nobody' } });
  });

  test('drains and exits 1 when it cannot go on', async () => {
    const { code, lines } = await run({ FIXTURE_MODE: 'fail' }).ended;
    expect(code).toBe(1);
    expect(
      lines
        .filter(({ msg }) => msg !== 'started')
        .map(({ level, stage }) => stage ?? level)
        .slice(1),
    ).toEqual(['fatal', 'not-serving', 'edge', 'work', 'database', 'telemetry']);
  });
});

describe('a start that fails', () => {
  test('says what, why and what to do, and drains what it had begun', async () => {
    const { code, errors, lines } = await run({ FIXTURE_MODE: 'no-start' }).ended;
    expect(code).toBe(1);
    expect(stagesOf(lines)).toEqual(['not-serving', 'edge', 'work', 'database', 'telemetry']);
    expect(errors).toBe('fixture did not start: the furnace is cold\n  why: no coal\n  do:  bring coal\n');
  });

  test('because a signal ended it is no fault', async () => {
    const { child, said, ended } = run({ FIXTURE_MODE: 'stop' });
    await said('starting');
    child.kill('SIGTERM');
    const { code, errors, lines } = await ended;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(stagesOf(lines)).toContain('database');
  });

  test('lists every fault of the configuration', async () => {
    const { code, errors } = await run({ FIXTURE_MODE: 'dance', FIXTURE_GRPC_PROT: '1' }).ended;
    expect(code).toBe(1);
    expect(errors).toContain('fixture did not start: its configuration has faults');
    expect(errors).toContain('FIXTURE_MODE: ');
    expect(errors).toContain('FIXTURE_GRPC_PROT: unknown key; did you mean FIXTURE_GRPC_PORT?');
  });

  test('names the port that is taken', async () => {
    const holder = createServer().listen(0);
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { code, errors } = await run({ FIXTURE_GRPC_PORT: String(port - 1_000) }).ended;
    holder.close();
    expect(code).toBe(1);
    expect(errors).toContain(`port ${port} for metrics and health cannot be opened`);
  });
});
