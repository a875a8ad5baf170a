import { expect, test } from 'vitest';
import { REASONS } from '@assay/proto/reasons';
import { GrpcCallError } from '@assay/shared/runtime/grpc-client';
import { endingOf, EXIT_CODES, UnreachableError, UsageError } from './exit-codes.ts';
import { explain } from './remedies.ts';

test('exit codes are different, and each has one line of meaning', () => {
  const codes = Object.values(EXIT_CODES);
  expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
  expect(codes.every(({ meaning }) => meaning.length > 0 && !meaning.includes('\n'))).toBe(true);
});

test('a run ends as what ended it', () => {
  expect(endingOf(new UsageError('x'))).toBe('usage');
  expect(endingOf(new UnreachableError('x'))).toBe('unavailable');
  expect(endingOf(new Error('a bug'))).toBe('failed');
  expect(endingOf('thrown')).toBe('failed');
});

test.each(Object.entries(REASONS))(
  'a refusal %s ends as refused, unknown, forbidden or unavailable',
  (reason, code) => {
    const ending = endingOf(new GrpcCallError(code, reason, 'said no'));
    expect(['refused', 'unknown', 'forbidden', 'unavailable']).toContain(ending);
    expect(explain(new GrpcCallError(code, reason, 'said no'))).toMatchObject({ code, reason, message: 'said no' });
  },
);

test('a refusal that can be helped says how', () => {
  expect(explain(new GrpcCallError('FAILED_PRECONDITION', 'BREACH_OPEN', 'no')).remedy).toContain(
    'acknowledge the breach',
  );
  expect(explain(new GrpcCallError('DEADLINE_EXCEEDED', '', 'no')).remedy).toContain('--request-id');
  expect(explain(new GrpcCallError('UNKNOWN', 'constructor', 'no')).remedy).toBe('');
});
