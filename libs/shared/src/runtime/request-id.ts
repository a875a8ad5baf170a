const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** What a caller may name a command by: 1 to 64 of `[A-Za-z0-9._:-]`. */
export function isRequestId(text: string): boolean {
  return REQUEST_ID.test(text);
}
