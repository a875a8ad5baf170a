declare const brand: unique symbol;

/** `T` that only the named constructor may produce. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
