import type { QuoteMethod } from './quote.ts';
import { HASH_UNIT, type Unit } from './unit.ts';

export interface MethodMeaning {
  readonly unit: Unit;
  /** Shown by NUT-06. */
  readonly name: string;
}

/** 03-mint section 2: every method of quotes that is served. */
export const METHODS: Readonly<Record<QuoteMethod, MethodMeaning>> = {
  ehash: { unit: HASH_UNIT, name: 'Mining shares' },
};

/** The method of this name, or undefined when it is not served. */
export function methodNamed(text: string): QuoteMethod | undefined {
  return Object.hasOwn(METHODS, text) ? (text as QuoteMethod) : undefined;
}
