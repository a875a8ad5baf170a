import { describe, expect, it } from 'vitest';
import { memoryMint, type MemoryMint } from '../../test/memory-mint.ts';
import { memoryOperations, operationStore } from '../../test/memory-operations.ts';
import { memoryMelts } from '../../test/memory-melts.ts';
import { meltsContract } from '../../test/melts-contract.ts';
import { operationsContract } from '../../test/operations-contract.ts';
import { mintProofs, mintRequest, opId, swapRequest } from '../../test/requests.ts';
import { issueTokens } from './issue-tokens.ts';
import { swap, type SwapPorts } from './swap.ts';

operationsContract(async (clock) => {
  const store = operationStore();
  return [memoryOperations(store, clock), memoryOperations(store, clock)];
});

meltsContract(async (clock) => {
  const store = operationStore();
  const instance = () => ({ melts: memoryMelts(store, clock), operations: memoryOperations(store, clock) });
  return [instance(), instance()];
});

class Crash extends Error {}

/** Where a process may die: each gives the ports of the process that dies there. */
const CRASHES: readonly (readonly [where: string, crash: <P extends SwapPorts>(ports: P) => P, left: number])[] = [
  [
    'before signing',
    (ports) => ({ ...ports, signatory: { ...ports.signatory, blindSign: () => Promise.reject(new Crash()) } }),
    0,
  ],
  [
    'after signing, before the insert',
    (ports) => ({ ...ports, operations: { ...ports.operations, commit: () => Promise.reject(new Crash()) } }),
    0,
  ],
  [
    'after the insert, before the answer',
    (ports) => ({
      ...ports,
      operations: {
        ...ports.operations,
        commit: async (operation) => {
          await ports.operations.commit(operation);
          throw new Crash();
        },
      },
    }),
    1,
  ],
];

function mintAnswer(ports: MemoryMint['ports'], { keyset }: MemoryMint) {
  return issueTokens(ports, mintRequest('crashed', [8n], keyset));
}

describe('a process that dies', () => {
  it.each(CRASHES)(
    '%s of a mint: the repeated request has the same signatures, issued once',
    async (_, crash, left) => {
      const mint = memoryMint({ paid: 8n });
      const undisturbed = await mintAnswer(memoryMint({ paid: 8n }).ports, mint);
      await expect(mintAnswer(crash(mint.ports), mint)).rejects.toThrow(Crash);
      expect(mint.store.byId.size).toBe(left);
      expect(await mintAnswer(mint.ports, mint)).toEqual(undisturbed);
      expect(await mintAnswer(mint.ports, mint)).toEqual(undisturbed);
      expect(mint.store.byId.size).toBe(1);
    },
  );

  it.each(CRASHES)('%s of a swap: the repeated request has the same signatures, spent once', async (_, crash, left) => {
    const mint = memoryMint({ paid: 8n });
    const request = swapRequest('crashed', await mintProofs(mint, 'minted', [8n]), [2n, 2n, 4n], mint.keyset);
    const run = (ports: SwapPorts) => swap(ports, opId('crashed'), request);
    await expect(run(crash(mint.ports))).rejects.toThrow(Crash);
    expect(mint.store.byId.size).toBe(1 + left);
    const answer = await run(mint.ports);
    expect(answer).toMatchObject({ ok: true });
    expect(await run(mint.ports)).toEqual(answer);
    expect(mint.store.byId.size).toBe(2);
  });
});
