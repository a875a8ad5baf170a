import { fieldsOf } from './wire-fields.ts';

/** The files of a descriptor set, found by name or by a symbol in them. */
export interface FileIndex {
  /** Name of the file that defines a message, enum, service, method, field or value, by its full name. */
  fileOfSymbol(symbol: string): string | undefined;
  /** The file and all that it imports, each as an encoded FileDescriptorProto, the asked one first. */
  withImports(file: string): readonly Uint8Array[] | undefined;
}

interface File {
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

// descriptor.proto: FileDescriptorSet.file 1; FileDescriptorProto: name 1, package 2, dependency 3, message_type 4,
// enum_type 5, service 6; DescriptorProto: name 1, nested_type 3, enum_type 4; the others: name 1.
export function indexDescriptors(set: Uint8Array): FileIndex {
  const files = new Map<string, File>();
  const symbols = new Map<string, string>();
  for (const bytes of fieldsOf(set, 1)) {
    const [name = ''] = textsOf(bytes, 1);
    files.set(name, { bytes, imports: textsOf(bytes, 3) });
    for (const symbol of symbolsOf(bytes)) symbols.set(symbol, name);
  }
  return {
    fileOfSymbol: (symbol) => symbols.get(symbol) ?? symbols.get(symbol.slice(0, symbol.lastIndexOf('.'))),
    withImports: (file) => withImports(files, file),
  };
}

function symbolsOf(file: Uint8Array): string[] {
  const [scope = ''] = textsOf(file, 2);
  const named = [...fieldsOf(file, 5), ...fieldsOf(file, 6)].map((item) => fullName(scope, item));
  return [...fieldsOf(file, 4).flatMap((message) => messageSymbols(scope, message)), ...named];
}

function messageSymbols(scope: string, message: Uint8Array): string[] {
  const own = fullName(scope, message);
  const enums = fieldsOf(message, 4).map((item) => fullName(own, item));
  return [own, ...enums, ...fieldsOf(message, 3).flatMap((nested) => messageSymbols(own, nested))];
}

function fullName(scope: string, item: Uint8Array): string {
  const [name = ''] = textsOf(item, 1);
  return scope === '' ? name : `${scope}.${name}`;
}

function withImports(files: ReadonlyMap<string, File>, asked: string): Uint8Array[] | undefined {
  if (!files.has(asked)) return undefined;
  // A set keeps the order of insertion and may grow while it is walked: breadth first, each file once.
  const names = new Set([asked]);
  for (const name of names) for (const wanted of files.get(name)?.imports ?? []) names.add(wanted);
  return [...names].flatMap((name) => files.get(name)?.bytes ?? []);
}

function textsOf(message: Uint8Array, number: number): string[] {
  return fieldsOf(message, number).map((bytes) => Buffer.from(bytes).toString());
}
