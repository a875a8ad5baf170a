/**
 * How far another clock is from ours. It told whole seconds, rounded down, at some instant between asking and the answer:
 * anything that fits is no skew.
 */
export function skewOf(date: string | null, askedAt: number, answeredAt: number): number {
  const told = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(told)) return 0;
  if (told > answeredAt) return told - answeredAt;
  const latest = told + 999;
  return latest < askedAt ? latest - askedAt : 0;
}
