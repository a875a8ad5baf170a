type EnumValues = Readonly<Record<string, number>>;

/** An enum of the contracts under the names that people type: `QUOTE_STATE_PAID` is PAID. */
export interface EnumNames<E extends EnumValues> {
  /** Without the one that means unspecified. */
  readonly names: readonly string[];
  /** UNSPECIFIED for the zero value, the number for one that a newer service knows. */
  nameOf(value: number): string;
  /** Any case; undefined when there is none of that name. */
  valueOf(name: string): E[keyof E] | undefined;
  readonly unspecified: E[keyof E];
}

export function enumNames<const E extends EnumValues>(values: E): EnumNames<E> {
  const entries = Object.entries(values) as [string, E[keyof E]][];
  const zero = entries.find(([, value]) => value === 0);
  if (zero === undefined) throw new Error('every enum of the contracts has a zero value');
  const prefix = zero[0].replace(/UNSPECIFIED$/, '');
  const short = entries.map(([name, value]) => [name.slice(prefix.length), value] as const);
  return {
    names: short.filter(([, value]) => value !== 0).map(([name]) => name),
    nameOf: (wanted) => short.find(([, value]) => value === wanted)?.[0] ?? String(wanted),
    valueOf: (name) => short.find(([known]) => known === name.toUpperCase())?.[1],
    unspecified: zero[1],
  };
}
