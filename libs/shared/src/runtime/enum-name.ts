import { GrpcFault } from './grpc-status.ts';

type NameIn<Table, Prefix extends string> = Exclude<
  keyof Table extends infer Key ? (Key extends `${Prefix}${infer Name}` ? Name : never) : never,
  'UNSPECIFIED'
>;

/**
 * The bare name of an enum value of the wire; undefined for its zero.
 * @throws GrpcFault REQUEST_INVALID
 */
export function nameOf<const Table extends Readonly<Record<string, number>>, const Prefix extends string>(
  table: Table,
  prefix: Prefix,
  value: number,
): NameIn<Table, Prefix> | undefined {
  if (value === 0) return undefined;
  const found = Object.keys(table).find((key) => table[key] === value);
  if (found === undefined) throw new GrpcFault('REQUEST_INVALID', `${value} is not a value of ${prefix}…`);
  return found.slice(prefix.length) as NameIn<Table, Prefix>;
}
