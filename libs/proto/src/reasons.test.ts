import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { status } from '@grpc/grpc-js';
import { REASONS } from './reasons.ts';

const PROTOS = new URL('../proto/', import.meta.url);
const STATUSES = Object.keys(status).filter((name) => /^[A-Z_]+$/.test(name));
/** ``NOT_FOUND `A`, `B` `` */
const PROMISE = new RegExp(`\\b(${STATUSES.join('|')}) ((?:\`[A-Z_]+\`(?:, )?)+)`, 'g');

interface PromisedReason {
  readonly code: string;
  readonly reason: string;
}

/** The reasons that the comments of a proto promise, each with its status code. */
function promisedIn(file: string): PromisedReason[] {
  const text = readFileSync(new URL(file, PROTOS), 'utf8').replaceAll(/\n\s*\/\/ /g, ' ');
  return [...text.matchAll(PROMISE)].flatMap(([, code = '', reasons = '']) =>
    [...reasons.matchAll(/[A-Z_]+/g)].map(([reason]) => ({ code, reason })),
  );
}

const promised = readdirSync(PROTOS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.proto'))
  .flatMap(promisedIn);

describe('reasons of refused calls', () => {
  test('exist with the status code that the contracts promise', () => {
    expect(promised.length).toBeGreaterThan(20);
    for (const { code, reason } of promised) expect(REASONS, reason).toHaveProperty(reason, code);
  });

  test('have a status code of gRPC each', () => {
    for (const [reason, code] of Object.entries(REASONS)) expect(STATUSES, reason).toContain(code);
  });
});
