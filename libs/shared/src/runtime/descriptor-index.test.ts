import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { CALLERS } from '@assay/proto/callers';
import { expect, test } from 'vitest';
import { indexDescriptors } from './descriptor-index.ts';

const index = indexDescriptors(readFileSync(new URL('../../../proto/descriptors.binpb', import.meta.url)));
const methods = Object.keys(CALLERS).map((path) => path.slice(1).replace('/', '.'));

test.each(methods)('%s is described by a file that arrives with all its imports', (symbol) => {
  const file = index.fileOfSymbol(symbol) ?? '';
  const files = (index.withImports(file) ?? []).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  const names = files.map(({ name }) => name);
  expect(names[0]).toBe(file);
  expect(new Set(names).size).toBe(names.length);
  expect(files.flatMap(({ dependency }) => dependency).filter((wanted) => !names.includes(wanted))).toEqual([]);
});

test('messages, enums, services, fields and values are found, and nothing else', () => {
  const file = 'assay/pool/v1/pool_service.proto';
  const symbols = ['Batch', 'BatchState', 'PoolService', 'PoolService.GetBatch', 'Batch.credited'];
  expect(symbols.map((symbol) => index.fileOfSymbol(`assay.pool.v1.${symbol}`))).toEqual(symbols.map(() => file));
  expect(['assay.pool.v1', 'Batch', '', '.'].map(index.fileOfSymbol)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(index.withImports('none.proto')).toBeUndefined();
});
