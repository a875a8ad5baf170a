import { InvalidArgumentError } from 'commander';

// Values of flags: each reads the text, or says in a sentence what it wants instead.

/** A whole number from `min` to `max`. */
export function integerIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`give a whole number from ${min} to ${max}`);
    return value;
  };
}

/** A number above 0 and at most 1. */
export function fraction(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('give a number above 0 and at most 1');
  return value;
}
