import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '@assay/testkit/fake-clock';
import { nodeAnswer, SETTINGS } from '../../test/edge-template.ts';
import type { TemplateRecord } from '../domain/template.ts';
import type { ChainNode } from '../node-port.ts';
import type { TemplateBodyPort, TemplatePort } from '../ports.ts';
import { createBodyCache } from './body-cache.ts';
import { followTemplates } from './follow-templates.ts';
import { JobBoard } from './job-board.ts';
import { TemplateMaker } from './template-maker.ts';
import { NodeWatch } from './watch-nodes.ts';

/** Templates and bodies in memory; `log` tells in which order things happened. */
function memoryTemplates(log: string[]) {
  const records = new Map<string, TemplateRecord>();
  const templates: TemplatePort = {
    async insert(record) {
      if (records.has(record.template.id)) return false;
      records.set(record.template.id, record);
      log.push('template stored');
      return true;
    },
    find: async (id) => records.get(id),
    async change(record, change) {
      if (records.get(record.template.id)?.version !== record.version) return undefined;
      const changed = { ...record, ...change, version: record.version + 1 };
      records.set(record.template.id, changed);
      return changed;
    },
    noteJob: async () => undefined,
    list: async () => [...records.values()],
    listLive: async () => [...records.values()].filter(({ state }) => state !== 'closed'),
    listBodiesToRemove: async () => [],
  };
  const bodies: TemplateBodyPort = {
    store: async () => void log.push('body stored'),
    async *read() {
      yield Buffer.alloc(0);
    },
    has: async () => true,
    remove: async () => undefined,
  };
  return { templates, bodies, states: () => [...records.values()].map(({ state }) => state) };
}

/** A node that answers what the test says; a fault while it is undefined. */
function fakeNode(id: string) {
  const now: { answer: ReturnType<typeof nodeAnswer> | undefined; template?: () => Promise<unknown> } = {
    answer: nodeAnswer('a'),
  };
  const answer = () => {
    if (now.answer === undefined) throw new Error(`${id} is away`);
    return now.answer;
  };
  const node: ChainNode = {
    id,
    template: async () => now.template?.() ?? answer(),
    bestBlockHash: async () => answer().previousblockhash,
    state: async () => ({ height: answer().height - 1, initialDownload: false }),
    submitBlock: async () => 'null',
    header: async () => undefined,
    chainBlock: async () => undefined,
  };
  return { node, now };
}

const clock = new FakeClock();
let log: string[] = [];
let memory = memoryTemplates(log);
let faults: unknown[] = [];

beforeEach(() => {
  log = [];
  faults = [];
  memory = memoryTemplates(log);
});

async function bench(count = 1) {
  const nodes = Array.from({ length: count }, (_, index) => fakeNode(`node-${index}`));
  const board = new JobBoard({ clock, maxAgeMs: 180_000, staleGraceMs: 2_000, firstCounter: 0 });
  board.onWork(({ clean }) => void log.push(`job clean=${clean}`));
  const watch = new NodeWatch(
    nodes.map(({ node }) => node),
    clock,
  );
  const cache = createBodyCache();
  const reportFault = (_: string, error: unknown) => void faults.push(error);
  const ports = {
    ...memory,
    watch,
    cache,
    board,
    clock,
    reportFault,
    mayMake: () => true,
    pause: async () => undefined,
  };
  const maker = new TemplateMaker(ports, SETTINGS, 30_000);
  const poll = async () => {
    for (const index of nodes.keys()) await watch.poll(index).catch(() => undefined);
  };
  await poll();
  return { nodes, board, watch, maker, poll, ports };
}

describe('the template maker', () => {
  it('stores the body, then the template, and only then sends jobs', async () => {
    const { maker, board } = await bench();
    await maker.make();
    expect(log).toEqual(['body stored', 'template stored', 'job clean=true']);
    expect(board.isFresh()).toBe(true);
  });

  it('refreshes after its time, and the same template again is no second one', async () => {
    const { maker, nodes } = await bench();
    await maker.tick();
    await maker.tick();
    expect(log).toHaveLength(3);
    clock.advance(30_000);
    if (nodes[0] !== undefined) nodes[0].now.answer = nodeAnswer('a', { curtime: 1_795_227_030 });
    await maker.tick();
    expect(log.slice(3)).toEqual(['job clean=false']);
    expect(memory.states()).toEqual(['active']);
  });

  it('ends older templates: superseded on the same tip, stale on another', async () => {
    const { maker, nodes, poll } = await bench();
    const [first] = nodes;
    await maker.make();
    if (first !== undefined) first.now.answer = nodeAnswer('a', { mintime: 1_795_226_001 });
    await maker.make();
    expect(memory.states()).toEqual(['superseded', 'active']);
    if (first !== undefined) first.now.answer = nodeAnswer('b', { height: 840_002 });
    await poll();
    await maker.make();
    expect(memory.states()).toEqual(['stale', 'stale', 'active']);
    expect(log.at(-1)).toBe('job clean=true');
  });

  it('takes no lower template while some source shows the current tip, and takes it a minute later', async () => {
    const { maker, nodes, poll, board } = await bench();
    const [first] = nodes;
    await maker.make();
    const current = board.work?.template.id;
    if (first !== undefined) first.now.answer = nodeAnswer('older', { height: 840_000 });
    clock.advance(1_000);
    await poll();
    await maker.make();
    expect(board.work?.template.id).toBe(current);
    clock.advance(60_000);
    await poll();
    await maker.make();
    expect(board.work?.template.height).toBe(840_000);
  });

  it('goes to the next source after three failures, and comes back after a minute of health', async () => {
    const { maker, nodes, poll, watch } = await bench(2);
    const [first] = nodes;
    if (first !== undefined) first.now.answer = undefined;
    for (let failures = 0; failures < 3; failures += 1) await poll();
    expect(watch.inUse()?.id).toBe('node-1');
    await maker.make();
    expect(log.at(-1)).toBe('job clean=true');
    if (first !== undefined) first.now.answer = nodeAnswer('a');
    await poll();
    expect(watch.inUse()?.id).toBe('node-1');
    clock.advance(60_000);
    await poll();
    expect(watch.inUse()?.id).toBe('node-0');
  });

  it('goes to the next source when one shows its tip but gives no template', async () => {
    const { maker, nodes, poll, board } = await bench(2);
    const [first] = nodes;
    if (first !== undefined) first.now.template = () => Promise.reject(new Error('not connected'));
    for (let tries = 0; tries < 4; tries += 1) {
      await maker.tick();
      await poll();
    }
    expect(faults).toHaveLength(3);
    expect(board.isFresh()).toBe(true);
  });

  it('keeps asking its only source, however often that gives no template', async () => {
    const { maker, nodes, poll, board } = await bench();
    const [first] = nodes;
    if (first !== undefined) first.now.template = () => Promise.reject(new Error('not connected'));
    for (let tries = 0; tries < 4; tries += 1) {
      await maker.tick();
      await poll();
    }
    if (first !== undefined) first.now.template = async () => nodeAnswer('a');
    await maker.tick();
    expect(board.isFresh()).toBe(true);
  });

  it('that lost its lease while the source answered stores nothing', async () => {
    const { nodes, board, ports } = await bench();
    let mayMake = true;
    const maker = new TemplateMaker({ ...ports, mayMake: () => mayMake }, SETTINGS, 30_000);
    const [first] = nodes;
    if (first !== undefined)
      first.now.template = async () => {
        mayMake = false;
        return nodeAnswer('a');
      };
    await maker.make();
    expect([memory.states(), board.work]).toEqual([[], undefined]);
  });

  it('leaves the source of a template that an auditor judged invalid', async () => {
    const { maker, nodes, board, watch, ports } = await bench(2);
    if (nodes[1] !== undefined) nodes[1].now.answer = nodeAnswer('a', { mintime: 1_795_226_005 });
    await maker.make();
    const [record] = await memory.templates.listLive();
    if (record === undefined) throw new Error('a template is stored');
    await memory.templates.change(record, { state: 'invalid' });
    await followTemplates(ports);
    expect(board.isInvalid(record.template.id)).toBe(true);
    await maker.tick();
    expect(watch.inUse()?.id).toBe('node-1');
    expect(log.at(-1)).toBe('job clean=true');
    expect(board.work?.template.minNtime).toBe(1_795_226_005);
  });

  it('is followed to what ended a template, also by an instance whose clock is ahead of its own', async () => {
    const { maker, nodes, poll, ports } = await bench();
    await maker.make();
    const board = new JobBoard({ clock, maxAgeMs: 180_000, staleGraceMs: 2_000, firstCounter: 0 });
    await followTemplates({ ...ports, board });
    clock.advance(-30_000);
    if (nodes[0] !== undefined) nodes[0].now.answer = nodeAnswer('b', { height: 840_002 });
    await poll();
    await maker.make();
    await followTemplates({ ...ports, board });
    expect(board.work?.template.height).toBe(840_002);
    clock.advance(30_000);
  });

  it('reports a source that fails, and makes the template when it is back', async () => {
    const { maker, nodes, poll } = await bench();
    const [first] = nodes;
    if (first !== undefined) first.now.answer = undefined;
    await maker.tick();
    expect(faults).toHaveLength(1);
    if (first !== undefined) first.now.answer = nodeAnswer('a');
    await poll();
    await maker.tick();
    expect(log.at(-1)).toBe('job clean=true');
  });
});
