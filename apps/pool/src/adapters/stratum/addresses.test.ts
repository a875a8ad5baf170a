import { describe, expect, it } from 'vitest';
import { Addresses } from './addresses.ts';

describe('addresses', () => {
  it('may have so many connections, so many new ones a second, and so many all together', () => {
    const addresses = new Addresses({ connections: 5, perAddress: 3, newPerAddressS: 2 });
    expect([1, 2, 3].map(() => addresses.admit('a', 1_000))).toEqual(['admitted', 'admitted', 'new-per-address']);
    expect([1, 2].map(() => addresses.admit('a', 2_000))).toEqual(['admitted', 'per-address']);
    addresses.left('a');
    expect(addresses.admit('a', 2_100)).toBe('admitted');
    expect(['b', 'c', 'd'].map((address) => addresses.admit(address, 2_100))).toEqual([
      ...['admitted', 'admitted', 'connections'],
    ]);
  });

  it('are forgotten a second after their last connection closed', () => {
    const addresses = new Addresses({ connections: 5, perAddress: 3, newPerAddressS: 1 });
    addresses.admit('a', 1_000);
    addresses.left('a');
    addresses.forget(1_500);
    expect(addresses.admit('a', 1_600)).toBe('new-per-address');
    addresses.forget(2_000);
    expect(addresses.admit('a', 2_000)).toBe('admitted');
  });
});
