import type { Refusal } from '../domain/refusals.ts';

/** Rows that wait for others are asked at once; the first of them that refuses still answers. */
export async function refuseAtOnce(...rows: readonly Promise<Refusal | undefined>[]): Promise<Refusal | undefined> {
  return (await Promise.all(rows)).find((refused) => refused !== undefined);
}
