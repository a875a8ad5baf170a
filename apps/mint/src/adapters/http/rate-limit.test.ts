import { FakeClock } from '@assay/testkit/fake-clock';
import { describe, expect, it } from 'vitest';
import { rateLimit } from './rate-limit.ts';

/** Whether two addresses share one count. */
function share(first: string, second: string): boolean {
  const limit = rateLimit(new FakeClock(), 1);
  limit.takes(first);
  return !limit.takes(second);
}

describe('the rate limit', () => {
  it('takes a few of one address at once, and then one more as often as they are in a minute', () => {
    const clock = new FakeClock();
    const limit = rateLimit(clock, 2);
    const ask = () => limit.takes('192.0.2.1');
    expect([ask(), ask(), ask()]).toEqual([true, true, false]);
    expect(limit.takes('192.0.2.2')).toBe(true);
    clock.advance(30_000);
    expect([ask(), ask()]).toEqual([true, false]);
    clock.advance(3_600_000);
    expect([ask(), ask(), ask()]).toEqual([true, true, false]);
  });

  it('takes no more than a sixth of a minute at once, so that nobody spends a minute in one second', () => {
    const clock = new FakeClock();
    const limit = rateLimit(clock, 6_000);
    const takenOf = (count: number) =>
      Array.from({ length: count }, () => limit.takes('192.0.2.1')).filter(Boolean).length;
    expect(takenOf(6_000)).toBe(1_000);
    clock.advance(1_000);
    expect(takenOf(6_000)).toBe(100);
    clock.advance(10_000);
    expect(takenOf(6_000)).toBe(1_000);
  });

  it('takes what counts for more than comes at once, if nothing else was asked', () => {
    const clock = new FakeClock();
    const limit = rateLimit(clock, 600);
    expect([limit.takes('192.0.2.1', 4_097), limit.takes('192.0.2.1')]).toEqual([true, false]);
    clock.advance(60_000);
    expect([limit.takes('192.0.2.1'), limit.takes('192.0.2.1', 4_097)]).toEqual([true, false]);
  });

  it('calls it flooding when an address was refused as often as it may ask', () => {
    const clock = new FakeClock();
    const limit = rateLimit(clock, 6_000);
    const ask = (count: number) => Array.from({ length: count }, () => limit.takes('192.0.2.1'));
    ask(1_999);
    expect(limit.isFlooding('192.0.2.1')).toBe(false);
    ask(1);
    expect([limit.isFlooding('192.0.2.1'), limit.isFlooding('192.0.2.2')]).toEqual([true, false]);
    clock.advance(10);
    expect(limit.isFlooding('192.0.2.1')).toBe(false);
  });

  it('begins anew when the clock is set back', () => {
    const clock = new FakeClock();
    const limit = rateLimit(clock, 1);
    expect([1, 2].map(() => limit.takes('192.0.2.1'))).toEqual([true, false]);
    clock.advance(-3_600_000);
    expect(limit.takes('192.0.2.1')).toBe(true);
  });

  it('of 0 takes everything', () => {
    const limit = rateLimit(new FakeClock(), 0);
    expect(Array.from({ length: 100 }, () => limit.takes('192.0.2.1')).every(Boolean)).toBe(true);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2::2', true],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
    ['2001:DB8:1:2::1', '2001:0db8:0001:0002:0:0:0:9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['2001:db8::1:2:3:4', '2001:db8:0:0:9::', true],
    ['::1', '::2', true],
    ['::', '1::', false],
    ['fe80::1%eth0', 'fe80::2', true],
    ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.2', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::FFFF:192.0.2.1', '::ffff:192.0.2.2', false],
    ['192.0.2.1', '192.0.2.2', false],
  ])('counts IPv6 by its /64, IPv4 by its address: %s and %s together is %s', (first, second, together) => {
    expect(share(first, second)).toBe(together);
  });

  it('tells 100,000 networks apart; those beyond share one count, until others have their burst again', () => {
    const clock = new FakeClock();
    const limit = rateLimit(clock, 1);
    for (let index = 0; index < 100_000; index += 1)
      limit.takes(`2001:db8:${index >> 8}:${(index & 255).toString(16)}::1`);
    const askBoth = () => [limit.takes('192.0.2.1'), limit.takes('192.0.2.2')];
    expect(askBoth()).toEqual([true, false]);
    clock.advance(60_000);
    expect(askBoth()).toEqual([true, true]);
  });
});
