import { Metadata } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readMetadata } from './call-metadata.ts';

const ours = contractOf('../../../../../libs/proto/proto/signatory/signatory.proto');
const cdk = contractOf('../../../../../vectors/wire/cdk-signatory.proto');

/** What goes over the wire: `Message.number` → type with its label; `Enum.name` → number; `rpc name` → types. */
type Contract = ReadonlyMap<string, string>;

/** Reads the subset of proto3 that both files are written in; a line it does not know is a failed test. */
function contractOf(path: string): Contract {
  const text = readFileSync(new URL(path, import.meta.url), 'utf8').replace(/\/\/.*$/gm, '');
  const contract = new Map<string, string>();
  const scopes: { readonly kind: string; readonly name: string }[] = [];
  for (const [, statement = '', end] of text.matchAll(/([^;{}]*)([;{}])/g)) {
    const words = statement.trim().replace(/\s+/g, ' ');
    if (end === '{') scopes.push(scopeOf(words));
    else if (end === '}') scopes.pop();
    else note(contract, scopes, words);
  }
  return contract;
}

function scopeOf(words: string) {
  const [, kind, name] = /^(service|message|enum|oneof) (\w+)$/.exec(words) ?? [];
  if (kind === undefined || name === undefined) throw new Error(`not read: ${words}`);
  return { kind, name };
}

function note(contract: Map<string, string>, scopes: readonly { kind: string; name: string }[], words: string): void {
  if (/^(syntax|package) ?/.test(words)) return void contract.set(words.split(/[ =]/)[0] ?? '', words);
  const message = scopes.find(({ kind }) => kind !== 'oneof')?.name ?? '';
  const rpc = /^rpc (\w+) ?\((.*)\) returns \((.*)\)$/.exec(words);
  if (rpc !== null) return void contract.set(`rpc ${message}.${rpc[1]}`, `${rpc[2]} → ${rpc[3]}`);
  const constant = /^(\w+) = (\d+)$/.exec(words);
  if (constant !== null) return void contract.set(`${message}.${constant[1]}`, constant[2] ?? '');
  const field = /^(.+) (\w+) = (\d+)$/.exec(words);
  if (field === null) throw new Error(`not read: ${words}`);
  const oneof = scopes.at(-1)?.kind === 'oneof' ? 'oneof ' : '';
  contract.set(`${message}.${field[3]}`, `${oneof}${field[1]}`);
}

describe('the contract of the signatory', () => {
  test('has the services, messages, field numbers, types, labels and error codes of cdk-signatory schema 2', () => {
    const { constants, rest } = withoutConstants(cdk);
    expect(Object.fromEntries(ours)).toEqual(rest);
    // An enum that no message uses: it holds the number of the schema, which travels in the metadata.
    expect(Object.keys(constants)).toEqual(['Constants.CONSTANTS_UNSPECIFIED', 'Constants.CONSTANTS_SCHEMA_VERSION']);
  });

  test('speaks the schema version that cdk sends, under its name, and no other', () => {
    const version = cdk.get('Constants.CONSTANTS_SCHEMA_VERSION') ?? '';
    const read = (sent: string) => () => {
      const metadata = new Metadata();
      metadata.set('x-signatory-schema-version', sent);
      readMetadata(metadata);
    };
    expect(read(version)).not.toThrow();
    expect(read(`${version}.0`)).toThrow('schema version');
  });

  test('was read whole', () => {
    expect(ours.get('KeySet.6')).toBe('optional uint64');
    expect(ours.get('Keys.1')).toBe('map<uint64, bytes>');
    expect(ours.get('CurrencyUnit.1')).toBe('oneof CurrencyUnitType');
    expect(ours.get('rpc Signatory.SubscribeKeysets')).toBe('EmptyRequest → stream KeysResponse');
    expect([...ours.keys()].filter((key) => key.startsWith('rpc '))).toHaveLength(5);
    expect([...ours.keys()].filter((key) => key.startsWith('ErrorCode.'))).toHaveLength(11);
  });
});

function withoutConstants(contract: Contract) {
  const entries = [...contract];
  const isConstant = ([key]: readonly [string, string]) => key.startsWith('Constants.');
  return {
    constants: Object.fromEntries(entries.filter(isConstant)),
    rest: Object.fromEntries(entries.filter((entry) => !isConstant(entry))),
  };
}
