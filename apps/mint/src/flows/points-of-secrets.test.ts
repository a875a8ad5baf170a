import { expect, test } from 'vitest';
import { input } from '../../test/locked-secrets.ts';
import { pointOfSecret } from '../domain/side-checks.ts';
import { pointsOfSecrets } from './points-of-secrets.ts';

test('points of many secrets are made in turns with others, and none for more inputs than are taken', async () => {
  let turnsTaken = 0;
  const turns = { next: async () => void (turnsTaken += 1) };
  const inputs = Array.from({ length: 300 }, (_, index) => input(`secret ${index}`));
  const points = await pointsOfSecrets({ limits: { inputs: 300, outputs: 1 }, turns }, inputs);
  expect(points()).toEqual(inputs.map(({ secret }) => pointOfSecret(secret)));
  expect(turnsTaken).toBe(2);
  expect((await pointsOfSecrets({ limits: { inputs: 299, outputs: 1 }, turns }, inputs))()).toEqual([]);
});
