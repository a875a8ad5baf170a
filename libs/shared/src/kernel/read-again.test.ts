import { expect, it } from 'vitest';
import { readAgain } from './read-again.ts';

it('what somebody else was first with is read again', async () => {
  const outcomes = ['stale', 'stale', 'settled'] as const;
  let reads = 0;
  expect(await readAgain('batch 1', () => Promise.resolve(outcomes[reads++] ?? 'too many'))).toBe('settled');
  expect(reads).toBe(3);
});

it('what changes without end is a fault that names it', async () => {
  await expect(readAgain('batch 1', () => Promise.resolve('stale' as const))).rejects.toThrow(
    'batch 1 changed under 8',
  );
});
